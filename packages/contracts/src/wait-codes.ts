/**
 * Why a job waits. `host-removed`, `arch-missing` and `owner-rules`: nothing will ever run the job. `slot-busy`: the host
 * runs other jobs. `project-limit`: the project runs as many jobs as farm.yaml allows. `behind`: a slot is free, but other jobs are before this one. `starting`: the host gets the job with
 * its next request.
 */
export const waitCodes = [
  'host-removed',
  'arch-missing',
  'owner-rules',
  'sources',
  'host-silent',
  'host-away',
  'host-paused',
  'arch-unable',
  'agent-too-old',
  'disk-full',
  'hours',
  'host-conf',
  'refused',
  'project-limit',
  'slot-busy',
  'behind',
  'starting',
] as const
export type WaitCode = (typeof waitCodes)[number]
