/** Folder of the built console: static files, to be served as they are. */
export declare const consoleDirectory: string;
