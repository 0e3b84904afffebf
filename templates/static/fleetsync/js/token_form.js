// A form whose proof came by mail, behind the # of the address: it is read once,
// taken out of the address, and sent to the API with what was typed.

const form = document.getElementById("with-token");
const answer = document.getElementById("answer");
const proof = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
history.replaceState(null, "", location.pathname);

function say(text) {
  answer.textContent = text;
  answer.hidden = false;
}

if (!proof.token) {
  say("This address is not complete: please open the link of the mail again.");
  form.hidden = true;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.dataset.sendTo, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...proof, ...Object.fromEntries(new FormData(form)) }),
    });
    if (response.ok) {
      say(form.dataset.done);
      form.hidden = true;
      return;
    }
    const problem = await response.json();
    say(problem.detail || problem.title);
  } catch {
    say("The server did not answer; please try again.");
  } finally {
    button.disabled = false;
  }
});
