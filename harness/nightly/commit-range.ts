/** `0123abcd..4567cdef`, as git writes a range; a commit that is not known is `?`. */
export function rangeText(from: string | null, to: string | null): string {
  return `${shortCommit(from)}..${shortCommit(to)}`;
}

export function shortCommit(commit: string | null): string {
  return commit === null ? "?" : commit.slice(0, 8);
}
