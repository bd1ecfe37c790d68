/** What people change about a machine. */
import { type Machine, type MachineEdit, machinePath, send } from '../../api/client';

/** Changes what people know about a machine; answers the machine as it is now. */
export async function editMachine(id: string, edit: Partial<MachineEdit>): Promise<Machine> {
  return (await send<{ item: Machine }>('PATCH', machinePath(id), edit)).item;
}

/** Removes a machine; for 30 days it can be restored. */
export const removeMachine = (id: string) => send<unknown>('DELETE', machinePath(id));
export const restoreMachine = (id: string) => send<unknown>('POST', `${machinePath(id)}/restore`);
