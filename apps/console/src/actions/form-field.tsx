import '@mantine/dates/styles.css'
import { Checkbox, Input, NumberInput, PasswordInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { DateInput, DateTimePicker, TimePicker } from '@mantine/dates'
import type { FieldDescription } from '@flexaction/client'
import { CodeInput } from '../parts/code-input.js'
import { popupNamedBy, timeLabels } from '../parts/pickers.js'
import { labelOf } from '../parts/words.js'
import { type FormValue, languagesOf, mustBeGiven, optionsOf } from './form-values.js'
import { OptionsSelect, RecordSelect } from './remote-selects.js'

export interface FormFieldProps {
  field: FieldDescription
  /** The action's name, and the collection that was chosen: what options are asked for with. */
  action: string
  model: string | undefined
  value: FormValue
  error: string | undefined
  /** The form typed so far. */
  form: () => Record<string, unknown>
  onChange(value: FormValue): void
}

/** The input that fits a field's type. Its description, its error and whether it is required are the field's own. */
// oxlint-disable-next-line typescript/consistent-return -- every type of field returns, which the rule does not see
export function FormField(props: FormFieldProps) {
  const { field, value, error, onChange } = props
  const params = (field.params ?? {}) as {
    min?: number
    max?: number
    max_length?: number
    min_length?: number
    decimal_places?: number
  }
  const text = typeof value === 'string' ? value : ''
  const about = {
    label: labelOf(field),
    description: typeof field.description === 'string' ? field.description : undefined,
    required: mustBeGiven(field),
    error,
    name: field.name,
  }
  const typed = {
    ...about,
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  }
  if (field.secret && TYPED_IN_A_LINE.has(field.field)) return <PasswordInput {...typed} autoComplete="new-password" />
  // A password's input would drop the line breaks of a key.
  if (field.secret && TYPED_IN_LINES.has(field.field))
    return (
      <Textarea {...typed} autosize minRows={3} maxRows={16} autoComplete="off" spellCheck={false} className="unseen" />
    )
  switch (field.field) {
    case 'BooleanField':
      return (
        <Checkbox
          label={about.label}
          description={about.description}
          error={error}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'CharField':
      return <TextInput {...typed} minLength={params.min_length} maxLength={params.max_length} autoComplete="off" />
    case 'TextField':
      return (
        <Textarea
          {...typed}
          minLength={params.min_length}
          maxLength={params.max_length}
          autosize
          minRows={3}
          maxRows={16}
        />
      )
    case 'TranslatableField':
      return <TranslatableInput {...props} />
    case 'SelectField':
      return <SelectInput {...props} />
    case 'ForeignKey':
      return <RecordSelect {...props} about={about} />
    case 'DateTimeField':
    case 'TimestampField':
      return (
        <DateTimePicker
          {...about}
          {...popupNamedBy(`field-${field.name}`)}
          timePickerProps={timeLabels(about.label)}
          value={text === '' ? null : text}
          onChange={(picked) => onChange(picked ?? '')}
          valueFormat="YYYY-MM-DD HH:mm:ss"
          withSeconds
          clearable
          placeholder="Choose a day and a time"
          clearButtonProps={{ 'aria-label': `Clear ${about.label}` }}
        />
      )
    case 'DateField':
      return (
        <DateInput
          {...about}
          {...popupNamedBy(`field-${field.name}`)}
          value={text === '' ? null : text}
          onChange={(picked) => onChange(picked ?? '')}
          valueFormat="YYYY-MM-DD"
          clearable
          placeholder="YYYY-MM-DD"
          clearButtonProps={{ 'aria-label': `Clear ${about.label}` }}
        />
      )
    case 'TimeField':
      return (
        <TimePicker
          {...about}
          value={text}
          onChange={onChange}
          withSeconds
          clearable
          {...timeLabels(about.label)}
          clearButtonProps={{ 'aria-label': `Clear ${about.label}` }}
        />
      )
    case 'IntegerField':
    case 'FloatField':
      return (
        <NumberInput
          {...about}
          value={text}
          onChange={(number) => onChange(String(number))}
          allowDecimal={field.field === 'FloatField'}
          min={params.min}
          max={params.max}
          clampBehavior="none"
          hideControls={field.field === 'FloatField'}
        />
      )
    case 'DecimalField':
      // A text from end to end: a number would lose digits.
      return <TextInput {...typed} inputMode="decimal" autoComplete="off" className="numbers" />
    case 'JSONField':
      return <CodeInput {...about} language="json" value={text} onChange={onChange} />
    case 'SqlField':
      return <CodeInput {...about} language="sql" value={text} onChange={onChange} />
    case 'CodeField':
      return <CodeInput {...about} language="javascript" value={text} onChange={onChange} />
    default:
      // A type that a newer worker has published.
      return <TextInput {...typed} />
  }
}

/** Types of secret fields whose values are not shown while they are typed; what is picked is shown. */
const TYPED_IN_A_LINE: ReadonlySet<string> = new Set(['CharField', 'IntegerField', 'FloatField', 'DecimalField'])
const TYPED_IN_LINES: ReadonlySet<string> = new Set(['TextField', 'JSONField', 'SqlField', 'CodeField'])

function SelectInput(props: FormFieldProps) {
  const { field, value, error, onChange } = props
  const options = optionsOf(field)
  const about = {
    label: labelOf(field),
    description: typeof field.description === 'string' ? field.description : undefined,
    required: mustBeGiven(field),
    error,
  }
  if (!options) return <OptionsSelect {...props} about={about} />
  return (
    <Select
      {...about}
      data={options.map((option) => ({ value: String(option.value), label: option.name }))}
      value={typeof value === 'string' && value !== '' ? value : null}
      onChange={(chosen) => onChange(chosen ?? '')}
      searchable
      clearable
      nothingFoundMessage="No option fits"
      placeholder="Choose"
    />
  )
}

/** One input per language; without declared languages, one text. */
function TranslatableInput({ field, value, error, onChange }: FormFieldProps) {
  const languages = languagesOf(field) ?? (typeof value === 'object' && value !== null ? Object.keys(value) : undefined)
  const about = { description: typeof field.description === 'string' ? field.description : undefined, error }
  const label = labelOf(field)
  if (!languages) {
    return (
      <Textarea
        {...about}
        label={label}
        required={mustBeGiven(field)}
        autosize
        minRows={2}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  const texts = typeof value === 'object' && value !== null ? value : {}
  return (
    <Input.Wrapper {...about} label={label} required={mustBeGiven(field)} labelElement="div">
      <Stack gap={6} mt={4} role="group" aria-label={label}>
        {languages.map((language) => (
          <TextInput
            key={language}
            aria-label={`${label}: ${language}`}
            leftSection={<Text size="sm">{language}</Text>}
            leftSectionWidth={48}
            error={error !== undefined}
            required={mustBeGiven(field)}
            value={texts[language] ?? ''}
            onChange={(event) => onChange({ ...texts, [language]: event.currentTarget.value })}
          />
        ))}
      </Stack>
    </Input.Wrapper>
  )
}
