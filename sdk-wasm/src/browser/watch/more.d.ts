/** Watches from now on; what it returns hears that the page, or a route of it, is left. */
export declare const watchMore: (page: object) => ((kind: string) => void)[];
