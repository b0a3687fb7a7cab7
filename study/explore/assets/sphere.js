// The page of the sphere asks for one thing at a time: while a slider is dragged or a descent plays, what comes in between
// is left out, and the last setting is asked for in the end.

const PATIENCE = 3000; // milliseconds after which an answer is no longer waited for

function ask(...values) {
  const { triggered, inputs } = window.dash_clientside.callback_context;
  const cause = new Set(triggered.map((one) => one.prop_id.split(".")[0]));
  const settings = {};
  for (const [name, value] of Object.entries(inputs)) {
    if (name.endsWith(".value")) settings[name.slice("sphere-".length, -".value".length)] = value;
  }
  const kept = values.slice(Object.keys(inputs).length);
  const [asked, at, wasPlaying, choices, steps, message, ...shown] = kept;
  const same = window.dash_clientside.no_update;
  const now = Date.now();
  const waiting = shown.some(([version, step]) => version !== asked.version || (step !== undefined && step !== at.step));
  const busy = waiting && now - Math.max(asked.at, at.at) < PATIENCE;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const last = choices[Number(steps)] ?? choices[0];
  const answer = (nextAsked, nextStep, playing, tick) => [
    nextAsked,
    nextStep === same ? same : { step: nextStep, at: now },
    playing,
    !tick,
    calm && playing ? 1000 : 100,
    playing ? "Pause" : "Play",
  ];

  if (JSON.stringify(settings) !== JSON.stringify(asked.settings)) {
    if (busy) return answer(same, same, false, true);
    return answer({ version: asked.version + 1, settings, at: now }, 0, false, false);
  }
  if (cause.has("sphere-reset")) return answer(same, 0, false, false);
  if (cause.has("sphere-one")) return answer(same, busy ? same : at.step + 1, false, false);
  if (cause.has("sphere-play")) {
    if (wasPlaying) return answer(same, same, false, false);
    return answer(same, at.step >= last ? 0 : same, true, true);
  }
  if (!wasPlaying || message || at.step >= last) return answer(same, same, false, false);
  if (busy) return answer(same, same, true, true);
  // Who wants little motion sees every tenth step, once a second.
  return answer(same, Math.min(at.step + (calm ? 10 : 1), last), true, true);
}

window.dash_clientside = Object.assign({}, window.dash_clientside, { sphere: { ask } });
