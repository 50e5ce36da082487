import type { Conversation } from "../domain/conversation.ts";

/** The newest tests of destinations that were sent in the console, in the memory of this process. */
export interface Conversations {
  keep(conversation: Conversation): void;
  /** By the id of the event; null: it is forgotten, or was not sent here. */
  find(event: string): Conversation | null;
  /** The newest first. */
  listOf(destination: string): readonly Conversation[];
}

const MAX_KEPT = 50;

export function createConversations(): Conversations {
  let kept: readonly Conversation[] = [];
  return {
    keep(conversation) {
      kept = [conversation, ...kept].slice(0, MAX_KEPT);
    },
    find: (event) => kept.find((one) => one.event === event) ?? null,
    listOf: (destination) => kept.filter((one) => one.destination === destination),
  };
}
