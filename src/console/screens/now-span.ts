/** Of how long the first page tells. A channel that is silent for longer has "none for 7 days". */
export const DAYS = 7;
export const CHART_HOURS = 24;
