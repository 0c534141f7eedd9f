import { counted } from '../../components/status.ts'

/** `of` cells have a result of a commit, and `same` of them failed in the same way. `notYet` cells have none yet. */
export function spread(same: number, of: number, notYet: number): string {
  if (notYet > 0) return `${same} of ${counted(of, 'finished cell')}; ${notYet} not finished`
  if (of <= 1) return ''
  if (same === of) return `all ${of} cells`
  return same === 1 ? 'only here' : `${same} of ${of} cells`
}
