/**
 * What a store warns of. `exposed`: others can read its files; `unreachable`: the database did not answer and
 * is asked again; `recovered`: damage was repaired from a copy; `nearly_full`: it soon takes no more
 * requests.
 */
export type StoreWarning = "exposed" | "unreachable" | "recovered" | "nearly_full";

/** Told of a warning, with a sentence that says where it is and what would be right. */
export type WarnOfStore = (sentence: string, warning: StoreWarning) => void;
