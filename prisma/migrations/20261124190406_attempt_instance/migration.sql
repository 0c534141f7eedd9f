-- AlterTable
ALTER TABLE "Attempt" ADD COLUMN     "instance" TEXT;
