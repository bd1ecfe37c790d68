/** The machines that someone selects in the report, by their ids, or all of the view. */
export class Picks {
  all = $state(false);
  ids = $state.raw<ReadonlySet<string>>(new Set());

  has(id: string): boolean {
    return this.all || this.ids.has(id);
  }

  mark(ids: string[], on: boolean): void {
    const next = new Set(this.ids);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    this.ids = next;
  }

  markAll(on: boolean): void {
    this.all = on;
    this.ids = new Set();
  }
}
