import { javascript } from '@codemirror/lang-javascript'
import { json } from '@codemirror/lang-json'
import { sql } from '@codemirror/lang-sql'
import { Box, useComputedColorScheme } from '@mantine/core'
import CodeMirror, { EditorView } from '@uiw/react-codemirror'
import { useMemo } from 'react'

export type CodeLanguage = 'json' | 'sql' | 'javascript'

const LANGUAGES = { json, sql, javascript: () => javascript({ jsx: true, typescript: true }) }

interface CodeEditorProps {
  label: string
  language: CodeLanguage
  value: string
  readOnly: boolean
  required: boolean
  /** The id of the text that says what is wrong with the value, if anything is. */
  errorId: string | undefined
  onChange(value: string): void
}

/** CodeMirror, in the page's colours. Tab leaves it, so that the keyboard is never caught. */
export default function CodeEditor(props: CodeEditorProps) {
  const { label, language, value, readOnly, required, errorId, onChange } = props
  const scheme = useComputedColorScheme('light')
  const extensions = useMemo(
    () => [
      LANGUAGES[language](),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        'aria-label': label,
        'aria-required': String(required),
        ...(errorId !== undefined && { 'aria-invalid': 'true', 'aria-describedby': errorId }),
      }),
    ],
    [language, label, required, errorId],
  )
  return (
    <Box
      mt={4}
      bd={`1px solid var(--mantine-color-${errorId === undefined ? 'default-border' : 'error'})`}
      style={{ borderRadius: 4, overflow: 'hidden' }}
    >
      <CodeMirror
        value={value}
        onChange={onChange}
        theme={scheme}
        extensions={extensions}
        readOnly={readOnly}
        indentWithTab={false}
        minHeight="96px"
        maxHeight="360px"
        basicSetup={{ foldGutter: false, highlightActiveLine: false }}
      />
    </Box>
  )
}
