-- CreateIndex
-- Most cells simply pass. The matrix page reads only the others as rows, and must not read every cell to find them.
CREATE INDEX notable_cells ON "Cell" ("projectName", "branch", "variant") WHERE "state" <> 'passing' OR "flaky" OR "verdict" <> 'passed';
