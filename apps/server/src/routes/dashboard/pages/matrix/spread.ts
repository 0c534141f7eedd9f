import { counted } from '../../components/status.ts'

/** For one commit, `of` cells have a result and `notYet` cells have none. `same` cells failed in the same way. */
export function spread(same: number, of: number, notYet: number): string {
  if (notYet > 0) return `${same} of ${counted(of, 'finished cell')}; ${notYet} not finished`
  if (of <= 1) return ''
  if (same === of) return `all ${of} cells`
  return same === 1 ? 'only here' : `${same} of ${of} cells`
}
