const HOME = /^#\/home\/(0x[0-9a-fA-F]{64})$/;

/** The meter a URL hash names, or undefined where it names none. */
export function homeOf(hash: string): string | undefined {
  return HOME.exec(hash)?.[1];
}

export function homePath(meterId: string): string {
  return `#/home/${meterId}`;
}
