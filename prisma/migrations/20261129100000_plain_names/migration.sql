-- Names that say what the rows hold. No data changes.
ALTER TABLE "Watch" RENAME TO "SilenceCheck";
ALTER TABLE "SilenceCheck" RENAME CONSTRAINT "Watch_pkey" TO "SilenceCheck_pkey";
ALTER TABLE "SilenceCheck" RENAME CONSTRAINT one_watch TO one_silence_check;
ALTER TABLE "Branch" RENAME COLUMN "lineWantedAt" TO "historyWantedAt";
ALTER TABLE "Branch" RENAME COLUMN "guessed" TO "assumed";
ALTER INDEX lines_to_read RENAME TO histories_to_read;
