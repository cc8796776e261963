// Schema changes of an object's own database. Steps are appended, never edited:
// an object may have slept through any number of deploys.

/** Runs the steps that this object has not seen yet, each exactly once. */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS migration (step INTEGER PRIMARY KEY)");
    const done = sql.exec<{ n: number }>("SELECT count(*) AS n FROM migration").one().n;
    for (const [step, statement] of steps.entries()) {
      if (step < done) continue;
      sql.exec(statement);
      sql.exec("INSERT INTO migration (step) VALUES (?)", step);
    }
  });
}
