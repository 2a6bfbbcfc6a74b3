import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDocumentTitle } from '@mantine/hooks'
import { ApiError } from '@flexaction/client'
import { useMutation } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { beginSession, client, organisationLogin } from '../api.js'
import { messageOf } from '../parts/states.js'

const PROBLEMS: Readonly<Record<string, string>> = {
  'no-role': 'Your organisation has given you no role here: ask whoever looks after FlexAction.',
  refused: 'The login of your organisation was not accepted. Try again.',
}

/** Login by one of the gateway's tokens, or at the organisation's own login. The browser gets a session that scripts cannot read; the token is kept nowhere. */
export function LoginPage() {
  useDocumentTitle('Log in · FlexAction')
  const [query] = useSearchParams()
  const problem = PROBLEMS[query.get('problem') ?? '']
  const form = useForm({ initialValues: { token: '' } })
  const login = useMutation({
    mutationFn: (token: string) => client.login(token),
    onSuccess: (session) => {
      beginSession(session)
    },
    onError: (error) => {
      const refusal = error instanceof ApiError ? error.fields?.token?.join(', ') : undefined
      form.setFieldError('token', refusal === undefined ? messageOf(error) : `The token ${refusal}`)
    },
  })
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper
        withBorder
        p="xl"
        w="100%"
        maw={420}
        component="form"
        onSubmit={form.onSubmit(({ token }) => login.mutate(token))}
      >
        <Stack>
          <div>
            <Title order={1}>FlexAction</Title>
            <Text c="dimmed" size="sm">
              Run actions, watch them, and see what happened to each record.
            </Text>
          </div>
          {problem !== undefined && (
            <Alert color="red" variant="outline" role="alert">
              {problem}
            </Alert>
          )}
          {organisationLogin !== undefined && (
            <Button
              component="a"
              href={`${organisationLogin}?next=${encodeURIComponent(query.get('next') ?? '/')}`}
              variant="default"
            >
              Log in with your organisation
            </Button>
          )}
          <PasswordInput
            label="Token"
            description={
              <>
                The one that <Code>npm start</Code> printed, or one of <Code>AUTH_TOKENS</Code>
              </>
            }
            autoComplete="current-password"
            required
            data-autofocus
            autoFocus
            {...form.getInputProps('token')}
          />
          <Button type="submit" loading={login.isPending}>
            Log in
          </Button>
        </Stack>
      </Paper>
    </Center>
  )
}
