/** How an operator gets another administrator's token, where `from` is its file or `ADMIN_TOKEN`. */
export const newAdminToken = (from: string): string =>
  from === 'ADMIN_TOKEN'
    ? 'set ADMIN_TOKEN to a new one (openssl rand -hex 32) and start the farm again'
    : `remove ${from} and start the farm again, which makes a new one`
