export function formatLogLine(source: string, line: string, colour?: boolean): string
