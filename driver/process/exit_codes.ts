/** Exit codes: 0 fine, 1 the input is wrong or verification failed, 2 usage, 3 a bug; of signals as shells have them. */

export const exitCodes = { fine: 0, wrong: 1, usage: 2, bug: 3 } as const;

/** Signals that end long work early: Ctrl-C, a request to end the process, and a closed terminal. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export type Ending = keyof typeof signalCodes;

export const endings = Object.keys(signalCodes) as readonly Ending[]; // the keys of the table
