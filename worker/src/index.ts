export default { fetch: () => new Response("aviary") } satisfies ExportedHandler;
