/** Whether tests run all cases and long histories instead of samples: `npm run test:all` sets `THOROUGH=1`. */
export const isThorough = process.env['THOROUGH'] === '1';
