import { Command } from 'commander'
import { doctorCommand } from './commands/doctor.js'

/** Runs what the command line says. */
export async function main(): Promise<void> {
  const program = new Command('flexaction')
    .description('Looks after FlexAction installations, from outside.')
    .exitOverride((error) => {
      // Help that was asked for is no mistake; everything else is a wrong way to call it.
      process.exit(error.exitCode === 0 ? 0 : 2)
    })
    .addCommand(doctorCommand(), { isDefault: false })

  await program.parseAsync()
}
