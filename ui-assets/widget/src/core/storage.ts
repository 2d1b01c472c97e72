// What the widget keeps in the browser. localStorage; the visitor token also in a cookie where that is
// blocked; memory where both are.

export class Storage {
  private memory = new Map<string, string>();

  constructor(private prefix: string) {}

  get(name: string): string | null {
    try {
      const value = localStorage.getItem(this.prefix + name);
      if (value !== null) return value;
    } catch {
      // Blocked: below.
    }
    return this.memory.get(name) ?? this.cookie(name);
  }

  /** `lasting` asks for the cookie where localStorage does not take the value. */
  set(name: string, value: string, lasting = false): void {
    try {
      localStorage.setItem(this.prefix + name, value);
      this.memory.delete(name);
      return;
    } catch {
      this.memory.set(name, value);
    }
    if (lasting) this.writeCookie(name, value, 31_536_000);
  }

  remove(name: string): void {
    this.memory.delete(name);
    try {
      localStorage.removeItem(this.prefix + name);
    } catch {
      this.writeCookie(name, "", 0);
    }
  }

  /** Names that begin with `start`. */
  names(start: string): string[] {
    const found = new Set([...this.memory.keys()].filter((name) => name.startsWith(start)));
    try {
      for (let at = 0; at < localStorage.length; at++) {
        const name = localStorage.key(at) as string;
        if (name.startsWith(this.prefix + start)) found.add(name.slice(this.prefix.length));
      }
    } catch {
      // Blocked: what is in memory is all there is.
    }
    return [...found];
  }

  private cookie(name: string): string | null {
    const key = encodeURIComponent(this.prefix + name) + "=";
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(key));
    return found ? decodeURIComponent(found.slice(key.length)) : null;
  }

  private writeCookie(name: string, value: string, seconds: number): void {
    const secure = location.protocol === "https:" ? ";secure" : "";
    const pair = `${encodeURIComponent(this.prefix + name)}=${encodeURIComponent(value)}`;
    document.cookie = `${pair};path=/;max-age=${seconds};samesite=lax${secure}`;
  }
}
