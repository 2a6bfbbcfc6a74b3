import { Input, Skeleton } from '@mantine/core'
import { useId } from '@mantine/hooks'
import { lazy, type ReactNode, Suspense } from 'react'
import type { CodeLanguage } from './code-editor.js'

const CodeEditor = lazy(() => import('./code-editor.js'))

export interface CodeInputProps {
  label: string
  description?: ReactNode
  error?: ReactNode
  required?: boolean
  disabled?: boolean
  language: CodeLanguage
  value: string
  onChange(value: string): void
}

/** A code editor as an input of a form. The editor itself is loaded when it is first needed. */
export function CodeInput({ language, value, onChange, disabled, label, ...about }: CodeInputProps) {
  const id = useId()
  const errorId = `${id}-error`
  return (
    <Input.Wrapper {...about} label={label} labelElement="div" id={id} errorProps={{ id: errorId }}>
      <Suspense fallback={<Skeleton height={120} mt={4} />}>
        <CodeEditor
          label={label}
          language={language}
          value={value}
          onChange={onChange}
          readOnly={disabled === true}
          required={about.required === true}
          errorId={about.error ? errorId : undefined}
        />
      </Suspense>
    </Input.Wrapper>
  )
}
