/* The widget was not built into this executable. The page that embeds it goes on undisturbed. */
console.warn(
  "[weikefu] 此可执行文件未包含网页客服组件，请在源码目录运行 cargo xtask build 后重新启动。 " +
    "The chat widget was not built into this executable: run `cargo xtask build` in the source folder and start again.",
);
