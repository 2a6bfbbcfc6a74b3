import { Loader, Select, type SelectProps, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client, useActions } from '../api.js'
import { messageOf } from '../parts/states.js'
import type { FormFieldProps } from './form-field.js'

type About = Pick<SelectProps, 'label' | 'description' | 'withAsterisk' | 'error' | 'disabled'>

/** A choice whose options the action's workers are asked for, with the form typed so far. */
export function OptionsSelect({
  field,
  action,
  model,
  form,
  value,
  onChange,
  about,
}: FormFieldProps & { about: About }) {
  const [typedForm] = useDebouncedValue(JSON.stringify(form()), 300)
  const options = useQuery({
    queryKey: ['options', action, model, field.name, typedForm],
    queryFn: () => client.fieldOptions(action, field.name, model, JSON.parse(typedForm) as Record<string, unknown>),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
  return (
    <Select
      {...about}
      error={about.error ?? (options.isError ? messageOf(options.error) : undefined)}
      data={(options.data ?? []).map((option) => ({ value: String(option.value), label: option.name }))}
      value={typeof value === 'string' && value !== '' ? value : null}
      onChange={(chosen) => onChange(chosen ?? '')}
      searchable
      clearable
      rightSection={options.isFetching ? <Loader size={16} /> : undefined}
      nothingFoundMessage={options.isPending ? 'Asking for the options' : 'No option fits'}
      placeholder="Choose"
    />
  )
}

/** A record of another collection: searched for where it can be listed, else its id is typed. */
export function RecordSelect({ field, value, onChange, about }: FormFieldProps & { about: About }) {
  const actions = useActions()
  const collection = (field.params as { related_model?: { model?: string } } | undefined)?.related_model?.model ?? ''
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed, 200)
  const listed = actions.data?.collections.includes(collection) ?? false
  const [chosen, setChosen] = useState<{ value: string; label: string }>()
  const records = useQuery({
    queryKey: ['records', collection, search],
    queryFn: ({ signal }) => client.records(collection, { search, limit: 30 }, signal),
    enabled: listed,
    placeholderData: keepPreviousData,
  })
  const text = typeof value === 'string' ? value : ''
  if (!listed) {
    return (
      <TextInput
        {...about}
        description={about.description ?? `The id of a record of ${collection}`}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  const found = (records.data?.records ?? []).map(({ id, label }) => ({ value: String(id), label: `${label} (${id})` }))
  const known = chosen && !found.some((one) => one.value === chosen.value) ? [chosen, ...found] : found
  return (
    <Select
      {...about}
      error={about.error ?? (records.isError ? messageOf(records.error) : undefined)}
      data={known}
      filter={({ options }) => options}
      value={text === '' ? null : text}
      onChange={(id, option) => {
        setChosen(option ?? undefined)
        onChange(id ?? '')
      }}
      searchable
      clearable
      searchValue={typed}
      onSearchChange={setTyped}
      rightSection={records.isFetching ? <Loader size={16} /> : undefined}
      nothingFoundMessage={records.isFetching ? 'Searching' : 'No record fits'}
      placeholder={`Search in ${collection}`}
    />
  )
}
