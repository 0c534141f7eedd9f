ALTER TABLE "Bisection" ADD COLUMN "mergeOf" INTEGER, ADD COLUMN "failureRate" DOUBLE PRECISION;
ALTER TABLE "BisectionCommit" ADD COLUMN "linesRead" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "Bisection" ADD CONSTRAINT possible_rate CHECK ("failureRate" > 0 AND "failureRate" < 1);
-- One bisection looks inside a merge, even if two persons press the button.
CREATE UNIQUE INDEX one_search_inside_a_merge ON "Bisection" ("mergeOf") WHERE "mergeOf" IS NOT NULL;
