import { type ComboboxItem, Loader, Select, type SelectProps, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { client, useActions } from '../api.js'
import { messageOf } from '../parts/states.js'
import type { FormFieldProps } from './form-field.js'

/** What was chosen stays in the list, also when it is not among what was found. */
function withChosen(found: ComboboxItem[], chosen: ComboboxItem | undefined): ComboboxItem[] {
  return chosen && !found.some(({ value }) => value === chosen.value) ? [chosen, ...found] : found
}

type About = Pick<SelectProps, 'label' | 'description' | 'required' | 'error' | 'disabled'>

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
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState<ComboboxItem>()
  const search = typed === chosen?.label ? '' : typed
  const [question] = useDebouncedValue(JSON.stringify({ form: form(), search }), 300)
  // What else was chosen when this was: options may be others by now.
  const { [field.name]: _own, ...others } = (JSON.parse(question) as { form: Record<string, unknown> }).form
  const around = JSON.stringify(others)
  const chosenFor = useRef<string>(undefined)
  const options = useQuery({
    queryKey: ['options', action, model, field.name, question],
    queryFn: () => client.fieldOptions({ action, model, field: field.name, ...(JSON.parse(question) as object) }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
  const found = (options.data ?? []).map((option) => ({ value: JSON.stringify(option.value), label: option.name }))
  const known = options.isSuccess && !options.isPlaceholderData && search === ''
  useEffect(() => {
    // A first value, such as a default, counts as chosen for what the form began with.
    chosenFor.current ??= around
    if (!known || value === '' || chosenFor.current === around) return
    if (
      (field.params as { any_value?: boolean } | undefined)?.any_value ||
      found.some((option) => option.value === value)
    )
      chosenFor.current = around
    else {
      setChosen(undefined)
      setTyped('')
      onChange('')
    }
  })
  return (
    <Select
      {...about}
      error={about.error ?? (options.isError ? messageOf(options.error) : undefined)}
      data={withChosen(found, chosen)}
      filter={({ options: all }) => all}
      value={typeof value === 'string' && value !== '' ? value : null}
      onChange={(option, item) => {
        chosenFor.current = around
        setChosen(item ?? undefined)
        onChange(option ?? '')
      }}
      searchable
      clearable
      searchValue={typed}
      onSearchChange={setTyped}
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
  const [chosen, setChosen] = useState<ComboboxItem>()
  const [search] = useDebouncedValue(typed === chosen?.label ? '' : typed, 200)
  const listed = actions.data?.collections.includes(collection) ?? false
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
  const found = (records.data?.records ?? []).map(({ id, label }) => ({
    value: JSON.stringify(id),
    label: `${label} (${id})`,
  }))
  return (
    <Select
      {...about}
      error={about.error ?? (records.isError ? messageOf(records.error) : undefined)}
      data={withChosen(found, chosen)}
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
