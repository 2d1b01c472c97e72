// Named timers: setting one again moves it.

export function timers() {
  const running = new Map<string, ReturnType<typeof setTimeout>>();
  const cancel = (name: string): void => {
    clearTimeout(running.get(name));
    running.delete(name);
  };
  return {
    cancel,
    later(name: string, delay: number, action: () => void): void {
      cancel(name);
      running.set(name, setTimeout(action, delay));
    },
    cancelAll: () => [...running.keys()].forEach(cancel),
  };
}
