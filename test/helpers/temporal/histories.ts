import { createRequire } from 'node:module';
import type { WorkflowHandle } from '@temporalio/client';

/** A workflow's history as Temporal's clients and replayers hold it. */
export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

export type HistoryEvent = NonNullable<History['events']>[number];

interface ProtoJson {
  toJson: (type: unknown, message: unknown) => unknown;
  fromJson: (type: unknown, json: unknown, options: object) => History;
}
interface ProtoRoot {
  lookupType: (name: string) => { fromObject: (object: unknown) => unknown };
}

// historyToJSON and historyFromJSON of @temporalio/common work only where it shares its protobufjs with
// @temporalio/proto; npm gives each its own copy here ("type must be a Type"). So the copy of the types is used.
const main = createRequire(import.meta.url).resolve('@temporalio/proto');
const besideProto = createRequire(main);
const { toJson, fromJson } = besideProto('protobufjs/ext/protojson') as ProtoJson;
const historyType = (besideProto(main) as ProtoRoot).lookupType('temporal.api.history.v1.History');

/** The JSON of Temporal's own tools (`temporal workflow show --output json`, the Web UI's download). */
export const textOfHistory = (history: History): string =>
  JSON.stringify(toJson(historyType, historyType.fromObject(history)), null, 1);

/** Reads that JSON. Throws what JSON.parse or protobufjs throws for another. */
export const historyOfText = (text: string): History =>
  fromJson(historyType, JSON.parse(text), { ignoreUnknownFields: true });

/** What the history's payloads hold, decoded. */
export const payloadsOf = (text: string): string[] =>
  [...text.matchAll(/"data": *"([^"]+)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
