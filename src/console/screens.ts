import { personalDataScreen } from "./personal-data.ts";
import type { Action, Screen } from "./screen.ts";
import { concernScreen, takeCareAction } from "./screens/concern.ts";
import { documentScreen } from "./screens/document.ts";
import { documentsScreen } from "./screens/documents.ts";
import { eventScreen } from "./screens/event.ts";
import { eventsScreen } from "./screens/events.ts";
import { nowScreen } from "./screens/now.ts";
import { replayAction, replayScreen } from "./screens/replay.ts";

/** Every page of the console, and every change that can be made there. */

export const SCREENS: readonly Screen[] = [
  nowScreen,
  concernScreen,
  documentsScreen,
  documentScreen,
  eventsScreen,
  eventScreen,
  replayScreen,
  personalDataScreen,
];

export const ACTIONS: readonly Action[] = [replayAction, takeCareAction];
