/** Whether whole tables and long histories are run, and not samples of them: `npm run test:all` sets `THOROUGH=1`. */
export const isThorough = process.env['THOROUGH'] === '1';
