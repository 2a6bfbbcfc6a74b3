import { Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDocumentTitle } from '@mantine/hooks'
import { ApiError } from '@flexaction/client'
import { useMutation } from '@tanstack/react-query'
import { beginSession, client } from '../api.js'
import { messageOf } from '../parts/states.js'

/** Login by one of the gateway's tokens. The browser gets a session that scripts cannot read; the token is kept nowhere. */
export function LoginPage() {
  useDocumentTitle('Log in · FlexAction')
  const form = useForm({ initialValues: { token: '' } })
  const login = useMutation({
    mutationFn: (token: string) => client.login(token),
    onSuccess: (session) => {
      beginSession(session)
    },
    onError: (error) => {
      const problem = error instanceof ApiError ? error.fields?.token?.join(', ') : undefined
      form.setFieldError('token', problem === undefined ? messageOf(error) : `The token ${problem}`)
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
