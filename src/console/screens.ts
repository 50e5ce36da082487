import { personalDataScreen } from "./personal-data.ts";
import type { Action, Screen } from "./screen.ts";
import { acknowledgeAction, acknowledgeOneAction, acknowledgeScreen } from "./screens/acknowledge.ts";
import { auditScreen } from "./screens/audit.ts";
import { benchScreen } from "./screens/bench.ts";
import { benchDiffScreen } from "./screens/bench-diff.ts";
import { benchWordsScreen } from "./screens/bench-words.ts";
import { concernScreen, takeCareAction } from "./screens/concern.ts";
import { configurationScreen, reloadAction } from "./screens/configuration.ts";
import { deliveriesScreen } from "./screens/deliveries.ts";
import { deliveryScreen, skipAction } from "./screens/delivery.ts";
import { destinationScreen, pauseAction, resumeAction } from "./screens/destination.ts";
import { destinationTestScreen, testDestinationAction } from "./screens/destination-test.ts";
import { destinationsScreen } from "./screens/destinations.ts";
import { documentScreen } from "./screens/document.ts";
import { documentsScreen } from "./screens/documents.ts";
import { eventScreen } from "./screens/event.ts";
import { eventsScreen } from "./screens/events.ts";
import { cancelAction, jobScreen, jobsScreen } from "./screens/jobs.ts";
import { nowScreen } from "./screens/now.ts";
import { parityScreen } from "./screens/parity.ts";
import { parityReportScreen } from "./screens/parity-report.ts";
import { replayAction, replayScreen } from "./screens/replay.ts";
import {
  reprocessAction,
  reprocessOneAction,
  reprocessOneScreen,
  reprocessScreen,
} from "./screens/reprocess.ts";
import { requestScreen } from "./screens/request.ts";
import { requestFixtureScreen } from "./screens/request-fixture.ts";
import { refusedScreen, requestsScreen } from "./screens/requests.ts";
import { removeViewAction, savedViewsScreen, saveViewAction } from "./screens/saved-views.ts";

/** Every page of the console, and every change that can be made there. */

export const SCREENS: readonly Screen[] = [
  nowScreen,
  concernScreen,
  documentsScreen,
  documentScreen,
  eventsScreen,
  eventScreen,
  deliveriesScreen,
  deliveryScreen,
  replayScreen,
  acknowledgeScreen,
  destinationsScreen,
  destinationScreen,
  destinationTestScreen,
  jobsScreen,
  jobScreen,
  auditScreen,
  requestsScreen,
  refusedScreen,
  requestScreen,
  requestFixtureScreen,
  reprocessOneScreen,
  reprocessScreen,
  benchScreen,
  benchDiffScreen,
  benchWordsScreen,
  parityScreen,
  parityReportScreen,
  configurationScreen,
  personalDataScreen,
  savedViewsScreen,
];

export const ACTIONS: readonly Action[] = [
  replayAction,
  acknowledgeAction,
  acknowledgeOneAction,
  takeCareAction,
  reprocessOneAction,
  reprocessAction,
  skipAction,
  cancelAction,
  pauseAction,
  resumeAction,
  testDestinationAction,
  reloadAction,
  saveViewAction,
  removeViewAction,
];
