// What could not be seen on this page, in the words of sdk.health.

export const blind = new Set();
