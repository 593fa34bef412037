/**
 * The forms of tasks' parcels, as far as a worker has asked its objects for them: a task never
 * changes, so that each is asked for once.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { verifyTask } from "../../src/wire/task.ts";
import { formOf, type TaskForm } from "../task/task_form.ts";

/** Has the object of a task answer a request that needs no signature. */
export type AskTask = (task: string, request: Request) => Promise<Response>;

/** Gives the form of a task; `busy` while its object does not know it yet. */
export function createTaskForms(ask: AskTask): (task: string) => Promise<TaskForm> {
  const forms = new Map<string, TaskForm>();
  return async (task) => {
    const known = forms.get(task);
    if (known !== undefined) return known;
    const path = fillRoute(ROUTES.task, { task });
    const response = await ask(task, new Request(`http://object${path}`));
    if (!response.ok) {
      await response.body?.cancel();
      throw new TributaryError("busy", "Cannot answer yet: this aggregator is starting", {
        retryAfterS: 1,
      });
    }
    const { region: _, ...signed } = await response.json();
    const form = formOf((await verifyTask(signed, task)).signed.task);
    forms.set(task, form);
    return form;
  };
}
