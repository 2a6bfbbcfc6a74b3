// The image's HEALTHCHECK. Docker does not tell it the container's role: a gateway answers on PORT, a worker on HEALTH_PORT.
const { PORT, HEALTH_PORT } = process.env

for (const port of [PORT, HEALTH_PORT]) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })
    console.log(`port ${port}: ${answer.status} ${await answer.text()}`)
    process.exit(answer.ok ? 0 : 1)
  } catch (error) {
    console.log(`port ${port}: ${error.cause?.code ?? error.message}`)
  }
}
process.exit(1)
