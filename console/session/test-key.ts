/** How every key of test mode begins (testKeyPrefix of the API). */
export const testKeyPrefix = 'sk-dr-test-';
