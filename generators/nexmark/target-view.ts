/** Views for who writes again and again into the same few arrays: one is made only when the array is another one than before. */
export class TargetView {
  #target: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  of(target: Uint8Array): DataView {
    if (this.#target !== target) {
      this.#target = target;
      this.#view = new DataView(target.buffer, target.byteOffset, target.byteLength);
    }
    return this.#view;
  }
}
