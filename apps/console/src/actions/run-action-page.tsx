import { Alert, Anchor, Button, Grid, Group, Paper, Select, Stack, Text, Title } from '@mantine/core'
import { type ActionView, ApiError } from '@flexaction/client'
import { IconAlertTriangle, IconArrowLeft, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { client, queryClient, useActions } from '../api.js'
import { askFirst } from '../parts/ask-first.js'
import { Page } from '../parts/page.js'
import { EmptyState, ErrorState, LoadingRows, messageOf } from '../parts/states.js'
import { labelOf, modelsOf, targetText, titleOf } from '../parts/words.js'
import { Served } from './action-card.js'
import { FormField } from './form-field.js'
import { type FormValues, initialValues, toForm } from './form-values.js'
import { type Choice, SelectionInput, selectionOf, selectionText } from './selection-input.js'

/** The page on which an action is run. */
export default function RunActionPage({ identity }: { identity: string }) {
  const actions = useActions()
  const action = actions.data?.actions.find((one) => one.identity === identity)
  if (actions.isPending) return <LoadingRows label="Loading the action" />
  if (actions.isError && !actions.data)
    return <ErrorState error={actions.error} onRetry={() => void actions.refetch()} />
  if (!action) {
    return (
      <EmptyState title="This action is not published">
        It may have been renamed, or removed from its workers; or it is not yours to run.{' '}
        <Anchor component={Link} href="/actions" underline="always">
          See all actions
        </Anchor>
      </EmptyState>
    )
  }
  return <RunAction action={action} collections={actions.data?.collections ?? []} />
}

/** The form that Jet Admin would show, and the selection. */
function RunAction({ action, collections }: { action: ActionView; collections: readonly string[] }) {
  const models = modelsOf(action)
  const fields = action.entry.params ?? []
  const onRecords = action.target.kind === 'records'
  const [, navigate] = useLocation()
  const [query] = useSearchParams()
  const [model, setModel] = useState(() => query.get('model') ?? models[0])
  const [values, setValues] = useState<FormValues>(() => initialValues(fields))
  const [errors, setErrors] = useState<Readonly<Record<string, readonly string[]>>>({})
  const listed = model !== undefined && collections.includes(model)
  const [choice, setChoice] = useState<Choice>(() => ({
    mode: listed && !query.has('ids') ? 'pick' : 'paste',
    picked: new Map(),
    pasted: query.get('ids') ?? '',
  }))
  const selection = onRecords ? selectionOf(choice) : undefined
  const form = useRef<HTMLFormElement>(null)
  const [refusals, setRefusals] = useState(0)
  useEffect(() => {
    // Where the first thing to mend is: it may be out of view.
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [refusals])

  const run = useMutation({
    mutationFn: () => client.execute({ name: action.name, model, selection, form: toForm(fields, values) }),
    onSuccess: async ({ runId }) => {
      void queryClient.invalidateQueries({ queryKey: ['runs'] })
      navigate(`/runs/${runId}`)
    },
    onError: (error) => {
      setErrors(error instanceof ApiError && error.fields ? error.fields : { non_field_errors: [messageOf(error)] })
      setRefusals((count) => count + 1)
    },
  })

  const submit = (event: { preventDefault(): void }): void => {
    event.preventDefault()
    if (onRecords && !selection) return setErrors({ ids: ['choose at least one record'] })
    setErrors({})
    if (!selection || 'ids' in selection) return run.mutate()
    askFirst({
      title: `Run ${titleOf(action)} ${selectionText(selection, model ?? '')}?`,
      text: 'The workers list the records when the run begins: it may be many.',
      confirm: 'Run',
      onConfirm: () => run.mutate(),
    })
  }

  const known = new Set(fields.map(({ name }) => name))
  const general = Object.entries(errors).flatMap(([name, texts]) => {
    if (known.has(name) || (onRecords && SELECTION_KEYS.has(name))) return []
    return texts.map((text) => (name === 'non_field_errors' ? text : `${name}: ${text}`))
  })
  const refused = fields.filter(({ name }) => errors[name] !== undefined).map(labelOf)
  const selectionErrors = [...SELECTION_KEYS].flatMap((key) => errors[key] ?? []).join(', ')

  return (
    <Page
      title={titleOf(action)}
      about={
        <Group gap="xs" mt={4}>
          <Text size="sm" c="dimmed">
            {targetText(action)}
          </Text>
          <Served action={action} />
        </Group>
      }
      actions={
        <Button component={Link} href="/actions" variant="default" size="xs" leftSection={<IconArrowLeft size={14} />}>
          All actions
        </Button>
      }
    >
      {action.workers === 0 && (
        <Alert color="orange" variant="outline" icon={<IconAlertTriangle />} title="No worker serves this action now">
          The run will be kept, and wait until one does.
        </Alert>
      )}
      <form ref={form} onSubmit={submit} noValidate aria-label={titleOf(action)}>
        <Grid gap="md">
          {onRecords && (
            <Grid.Col span={{ base: 12, md: fields.length > 0 ? 7 : 12 }} order={{ base: 1, md: 2 }}>
              <Paper withBorder p="md">
                <Stack gap="sm">
                  <Title order={2}>Records</Title>
                  {models.length > 1 && (
                    <Select
                      label="Collection"
                      data={[...models]}
                      value={model ?? null}
                      onChange={(chosen) => setModel(chosen ?? models[0])}
                      allowDeselect={false}
                    />
                  )}
                  <SelectionInput
                    key={model}
                    collection={model ?? ''}
                    listed={listed}
                    choice={choice}
                    error={selectionErrors === '' ? undefined : selectionErrors}
                    onChange={setChoice}
                  />
                </Stack>
              </Paper>
            </Grid.Col>
          )}
          {(fields.length > 0 || !onRecords) && (
            <Grid.Col span={{ base: 12, md: onRecords ? 5 : 8 }} order={{ base: 2, md: 1 }}>
              <Paper withBorder p="md">
                <Stack gap="sm">
                  <Title order={2}>Form</Title>
                  {!onRecords && models.length > 1 && (
                    <Select
                      label="Collection"
                      data={[...models]}
                      value={model ?? null}
                      onChange={(chosen) => setModel(chosen ?? models[0])}
                      allowDeselect={false}
                    />
                  )}
                  {fields.length === 0 && (
                    <Text size="sm" c="dimmed">
                      This action asks for nothing.
                    </Text>
                  )}
                  {fields.map((field) => (
                    <FormField
                      key={field.name}
                      field={field}
                      action={action.name}
                      model={model}
                      value={values[field.name] ?? ''}
                      error={errors[field.name]?.join(', ')}
                      form={() => toForm(fields, values)}
                      onChange={(value) => {
                        setValues((now) => ({ ...now, [field.name]: value }))
                        setErrors(({ [field.name]: _, ...others }) => others)
                      }}
                    />
                  ))}
                </Stack>
              </Paper>
            </Grid.Col>
          )}
          <Grid.Col span={12} order={3} className="within-reach">
            {general.length > 0 && (
              <Alert color="red" variant="outline" icon={<IconAlertTriangle />} title="Not run" mb="sm" role="alert">
                {general.map((text) => (
                  <Text key={text} size="sm">
                    {text}
                  </Text>
                ))}
              </Alert>
            )}
            <Group wrap="nowrap">
              <Button
                type="submit"
                leftSection={<IconPlayerPlay size={16} />}
                loading={run.isPending}
                style={{ flex: 'none' }}
              >
                Run {selectionText(selection, model ?? '')}
              </Button>
              {refused.length > 0 && (
                <Text size="sm" c="var(--mantine-color-error)" role="alert" lineClamp={2} flex={1}>
                  Not run. Look at {refused.join(', ')}.
                </Text>
              )}
            </Group>
          </Grid.Col>
        </Grid>
      </form>
    </Page>
  )
}

const SELECTION_KEYS: ReadonlySet<string> = new Set(['id', 'ids', 'inverseIds'])
