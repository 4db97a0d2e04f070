// What a widget can know of its kernel. JupyterLab tells of it in two places, and of a kernel that died by itself in
// the session's status only: ipywidgets goes on as if its comms were open.
const GONE = new Set(["restarting", "autorestarting", "terminating", "dead"]);

// Call `onGone` once, when the kernel that keeps this model's state has died, was restarted, or was shut down.
// Returns a function that stops watching.
export function watchKernel(model, onGone) {
  const session = model.widget_manager?.context?.sessionContext;
  const kernel = session?.session?.kernel?.id;
  const stop = () => {
    session?.statusChanged.disconnect(onStatus);
    session?.kernelChanged.disconnect(onKernel);
    model.off("comm_live_update", onComm);
  };
  const gone = () => {
    stop();
    onGone();
  };
  const onStatus = (_, status) => { if (GONE.has(status)) gone(); };
  const onKernel = (_, { newValue }) => { if (newValue?.id !== kernel) gone(); };
  const onComm = (changed) => { if (changed.comm_live === false) gone(); };
  session?.statusChanged.connect(onStatus);
  session?.kernelChanged.connect(onKernel);
  model.on("comm_live_update", onComm);
  return stop;
}
