// The same question for a terminal and for a program.

import { h, say } from "./elements.js";
import { hasToken } from "./service.js";

export function asCurl(body) {
  const token = hasToken() ? " \\\n  -H \"authorization: Bearer $FRENKEL_API_TOKEN\"" : "";
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
  return `curl -s ${location.origin}/predict -H 'content-type: application/json'${token} \\\n  -d '${quoted}'`;
}

export function asPython(body) {
  const token = hasToken();
  return [
    "import json",
    ...(token ? ["import os"] : []),
    "import urllib.request",
    "",
    `question = ${pythonText(JSON.stringify(body))}`,
    "request = urllib.request.Request(",
    `    ${pythonText(`${location.origin}/predict`)},`,
    "    data=question.encode(),",
    token
      ? '    headers={"Content-Type": "application/json", "Authorization": f"Bearer {os.environ[\'FRENKEL_API_TOKEN\']}"},'
      : '    headers={"Content-Type": "application/json"},',
    ")",
    "with urllib.request.urlopen(request) as response:",
    '    answer = json.load(response)["predictions"]',
    "for item in answer:",
    '    print(item.get("formula"), item.get("log10_conductivity_s_cm", item.get("error")))',
    "",
  ].join("\n");
}

// A text between quotes that both languages read alike.
function pythonText(text) {
  return JSON.stringify(text);
}

export function copyButton(words, text) {
  const button = h("button", { type: "button", class: "quiet-button" }, words);
  button.addEventListener("click", async () => {
    const copied = await copy(text());
    say(copied ? `${words}: done` : "The browser did not allow to copy");
    button.textContent = copied ? "Copied" : "Not allowed";
    setTimeout(() => (button.textContent = words), 1500);
  });
  return button;
}

// The clipboard is open to secure pages and to this machine alone; elsewhere a selection serves.
async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not allowed without a gesture that the browser accepts: the other way is left
    }
  }
  const area = h("textarea", { class: "hidden", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
