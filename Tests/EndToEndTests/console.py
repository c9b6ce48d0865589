# SPDX-License-Identifier: Apache-2.0
"""The console in a browser: what people of each role see and do, what stays while pages change, and whether everybody can use it.

Takes the facts as JSON: server, tokens of ada (member), tess (template-admin), oona (owner) and gone (member), directory (where
builds of the template 'slow' wait for the file 'go'), chromium, shots (where pictures go). Prints what failed."""
import json, os, re, sys, time, traceback

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

FACTS = json.loads(sys.argv[1])
SERVER = FACTS["server"]
WIDTHS = (390, 900, 1440)
expect.set_options(timeout=15_000)
failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


class Person:
    """A browser of somebody, signed in."""

    def __init__(self, browser, name, **options):
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("console", lambda told: self.errors.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.name = name
        self.scripts = options.get("java_script_enabled", True)

    def sign_in(self):
        self.page.goto(SERVER + "/")
        self.page.get_by_label("Token").fill(FACTS[self.name])
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.locator("main h1")).to_be_visible()
        self.ready()
        return self

    def ready(self):
        """The page listens to keys and forms."""
        if self.scripts:
            expect(self.page.locator("html.js")).to_be_attached()

    def go(self, path):
        self.page.goto(SERVER + path)
        if "/sign-in" not in self.page.url:
            self.ready()
        return self.page

    def act(self, button, within=None, **fields):
        """Opens a form, fills it in and sends it."""
        place = self.page.locator("main") if within is None else within
        opener = place.locator("summary", has_text=re.compile(f"^{button}…$")).first
        if opener.count():
            opener.click()
            sheet = opener.locator("xpath=..").locator(".sheet")
            for name, value in fields.items():
                field = sheet.locator(f"[name='{name}']")
                field.select_option(value) if field.evaluate("e => e.localName") == "select" else field.fill(value)
            sheet.get_by_role("button").last.click()
        else:
            place.get_by_role("button", name=button, exact=True).first.click()

    def told(self, words):
        expect(self.page.locator("#said")).to_contain_text(words)


def shoot(page, name):
    os.makedirs(FACTS["shots"], exist_ok=True)
    page.screenshot(path=f"{FACTS['shots']}/{name}.png", full_page=True)


# MARK: What is there

def signing_in(browser):
    ada = Person(browser, "ada")
    ada.go("/jobs?status=failed")
    expect(ada.page).to_have_url(re.compile("/sign-in"))
    ada.page.get_by_label("Token").fill("stoker_wrong")
    ada.page.get_by_role("button", name="Sign in").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("not known")
    ada.page.get_by_label("Token").fill(FACTS["ada"])
    ada.page.get_by_role("button", name="Sign in").click()
    expect(ada.page).to_have_url(SERVER + "/jobs?status=failed")
    cookie = ada.context.cookies()[0]
    check(cookie["httpOnly"] and cookie["sameSite"] == "Strict", "the cookie is no script's and no other site's")
    stored = ada.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    check(stored == "[{},{}]", f"nothing is in the web's storage: {stored}")
    ada.page.get_by_role("button", name="Sign out").click()
    expect(ada.page).to_have_url(SERVER + "/sign-in")
    ada.context.add_cookies([cookie])
    ada.go("/")
    expect(ada.page).to_have_url(SERVER + "/sign-in")
    # As 'stoker up' prints it.
    ada.go("/sign-in#" + FACTS["ada"])
    expect(ada.page.locator("h1")).to_have_text("Hello ada")
    check("stoker_" not in ada.page.url, "the token is out of the address")
    ada.context.close()


def claims(browser):
    ada = Person(browser, "ada").sign_in()
    menu = ada.page.locator(".bar nav a").all_inner_texts()
    check(menu == ["Overview", "Pools", "Workspaces", "Jobs", "Templates", "People"], f"a member's menu: {menu}")
    for path in ("/", "/pools", "/workspaces", "/jobs", "/templates", "/people"):
        ada.go(path)
        check("role" not in ada.page.locator("main").inner_text().lower().replace("roles", ""), f"{path} speaks of roles")
    ada.go("/")
    expect(ada.page.locator("tr .pill", has_text="2 ready").first).to_be_visible()
    ada.act("Claim a workspace", pool="process-local/base", name="dev")
    expect(ada.page.locator("h1")).to_have_text("dev")
    expect(ada.page.locator("main")).to_contain_text("a ready prebuild")
    expect(ada.page.locator(".head .pill")).to_contain_text("running")
    # A second browser of the same person sees what the first one does, without being asked again.
    other = Person(browser, "ada").sign_in()
    other.go("/workspaces")
    expect(other.page.get_by_role("link", name="dev")).to_be_visible()
    ada.act("Delete")
    ada.told("being deleted")
    expect(other.page.get_by_role("link", name="dev")).to_have_count(0)
    check(ada.errors + other.errors == [], f"errors of the browser: {ada.errors + other.errors}")
    ada.context.close()
    other.context.close()


def live_log(browser):
    ada = Person(browser, "ada").sign_in()
    ada.act("Claim a workspace", pool="slow/only", name=f"patient-{os.getpid()}")
    expect(ada.page.locator("h1")).to_have_text(re.compile("patient"))
    ada.page.locator("main").get_by_role("link", name=re.compile("^1: start")).click()
    log = ada.page.locator("[data-log]")
    expect(log).to_contain_text("green start")
    expect(log.locator(".f2")).to_have_text("green")
    # What is selected and what is typed stays while lines come.
    search = ada.page.locator("[data-log-search]")
    search.fill("END")
    open(f"{FACTS['directory']}/go", "w").close()
    expect(log.locator("li:visible")).to_have_count(1)
    expect(log.locator("li:visible")).to_contain_text("the end of it")
    check(search.evaluate("e => e === document.activeElement && e.value") == "END", "the search keeps focus and text")
    search.fill("")
    expect(ada.page.locator(".head .pill")).to_contain_text("succeeded")
    with ada.page.expect_download() as download:
        ada.page.get_by_role("link", name="Download").click()
    text = open(download.value.path()).read()
    check("the end of it" in text, "the file has the log")
    check(ada.errors == [], f"errors of the browser: {ada.errors}")
    ada.context.close()


def operating(browser):
    oona = Person(browser, "oona").sign_in()
    tess = Person(browser, "tess").sign_in()
    expect(oona.page.locator(".troubles")).to_contain_text("there is no image blue")
    expect(oona.page.locator(".troubles li").first).to_contain_text("hard limited")
    # One acts, the other sees it.
    oona.act("Pause all pools", reason="a drill")
    oona.told("paused")
    expect(tess.page.locator(".troubles li").first).to_contain_text("a drill")
    oona.act("Resume all pools")
    expect(tess.page.locator(".troubles")).not_to_contain_text("a drill")

    # Filters are in the address, and the focus stays in the search.
    tess.go("/pools")
    tess.page.keyboard.press("/")
    tess.page.keyboard.type("doomed")
    expect(tess.page).to_have_url(re.compile(r"/pools\?q=doomed"))
    expect(tess.page.locator("tbody tr")).to_have_count(1)
    check(tess.page.evaluate("document.activeElement.name") == "q", "the search keeps the focus")
    tess.page.locator("tbody [type=checkbox]").check()
    tess.page.get_by_role("button", name="Lift the hard limit").click()
    tess.told("try again")
    tess.page.get_by_role("link", name=re.compile("doomed")).click()
    expect(tess.page.locator("main")).to_contain_text("Decisions")
    expect(tess.page.locator(".head .pill")).to_contain_text("hard limited", timeout=30_000)
    tess.act("Forget its failures") if tess.page.get_by_role("button", name="Forget its failures").count() else tess.act("Lift the hard limit")
    tess.told("tries again")

    # Jobs: a failed one is found, and tried again.
    tess.go("/jobs")
    tess.page.get_by_label("Status").select_option("failed")
    expect(tess.page).to_have_url(re.compile("status=failed"))
    tess.page.locator("tbody a").first.click()
    expect(tess.page.locator(".error")).to_contain_text("there is no image blue")
    tess.act("Retry")
    tess.told("queue again")

    # Workers.
    oona.go("/workers")
    oona.act("Drain")
    expect(oona.page.locator("tbody .pill").first).to_contain_text(re.compile("drain"))
    oona.act("Resume")
    expect(oona.page.locator("tbody .pill").first).to_contain_text("active")

    # Webhooks.
    oona.go("/webhooks")
    oona.act("Add an endpoint", name="chat", url="https://127.0.0.1:9/hook")
    expect(oona.page.locator("main")).to_contain_text("whsec_")
    oona.page.get_by_role("link", name="Go on").click()
    oona.act("Disable", reason="holidays")
    expect(oona.page.locator("main")).to_contain_text("holidays")
    oona.act("Enable")
    expect(oona.page.locator("main .pill").first).to_contain_text("enabled")
    oona.page.get_by_role("link", name="chat").click()
    expect(oona.page.locator("h1")).to_have_text("chat")

    # Templates.
    tess.go("/templates/office")
    tess.act("Deprecate", message="use another")
    tess.told("deprecated")
    expect(tess.page.locator("main")).to_contain_text("use another")
    tess.act("Offer it again")
    tess.told("offered again")

    # People: who is disabled is out at once, whatever is open.
    gone = Person(browser, "gone").sign_in()
    oona.go("/people")
    row = oona.page.locator("tr", has=oona.page.get_by_text("gone", exact=True)).first
    oona.act("Disable", within=row)
    oona.told("disabled")
    expect(gone.page).to_have_url(re.compile("/sign-in"))
    oona.act("Make a token", name="short")
    expect(oona.page.locator(".secret")).to_contain_text("stoker_")
    for person in (oona, tess, gone):
        errors = [error for error in person.errors if "401" not in error]
        check(errors == [], f"errors of {person.name}'s browser: {errors}")
        person.context.close()


def keys(browser):
    oona = Person(browser, "oona").sign_in()
    page = oona.page
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(SERVER + "/pools")
    oona.ready()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.locator("[data-live-word]")).to_have_text("held")
    page.keyboard.press("p")
    expect(page.locator("[data-live-word]")).to_have_text("live")
    oona.context.close()


def reading_without_scripts(browser):
    ada = Person(browser, "tess", java_script_enabled=False).sign_in()
    for path in ("/", "/pools", "/jobs", "/workspaces", "/templates", "/workers"):
        ada.go(path)
        expect(ada.page.locator("main h1")).to_be_visible()
    ada.go("/pools?q=doomed")
    expect(ada.page.locator("tbody tr")).to_have_count(1)
    check(ada.page.locator("button.nojs").is_visible(), "a filter is sent with a button")
    ada.context.close()


def everybody(browser):
    """Axe, and no page wider than the screen, at three widths, in the dark and in the light."""
    oona = Person(browser, "oona").sign_in()
    page, axe = oona.page, Axe()
    job = page.context.request.get(SERVER + "/jobs?status=failed").text()
    workspace = page.context.request.get(SERVER + "/workspaces").text()
    pages = ["/", "/pools", "/pools/office/weekdays", "/pools/doomed/a-preset-with-quite-a-long-name-for-its-column", "/jobs",
             re.search(r'href="(/jobs/[0-9a-f-]{36})"', job).group(1), "/workspaces",
             re.search(r'href="(/workspaces/[0-9a-f-]{36})"', workspace).group(1), "/workers", "/webhooks", "/webhooks/chat",
             "/templates", "/templates/process-local", "/people", "/audit"]
    for path in pages:
        answer = page.goto(SERVER + path)
        if answer.status == 404 and path == "/audit":
            continue
        page.locator("[data-live-switch]").click()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            check(wide <= 0, f"{path} at {width}: {wide} px too wide")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found = axe.run(page).response["violations"]
                for violation in found:
                    nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
                    check(False, f"{path} at {width}, {scheme}: {violation['id']}: {nodes}")
                if os.environ.get("STOKER_TEST_SHOTS"):
                    shoot(page, f"{path.strip('/').replace('/', '-')[:30] or 'overview'}-{width}-{scheme}")
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(SERVER + "/pools?q=doomed")
    top = [page.locator(f"tbody tr td.{kind}").first.bounding_box()["y"] for kind in ("state", "why", "name")]
    check(top == sorted(top), f"on a phone the state and the reason come first: {top}")
    oona.context.close()
    visitor = browser.new_page()
    visitor.goto(SERVER + "/sign-in")
    check(axe.run(visitor).response["violations"] == [], "signing in has findings")
    if os.environ.get("STOKER_TEST_SHOTS"):
        shoot(visitor, "sign-in")


def cut(browser):
    oona = Person(browser, "oona").sign_in()
    page = oona.go("/pools")
    # Text that is selected stays, whatever changes beneath it.
    page.locator("tbody a").first.evaluate("e => getSelection().selectAllChildren(e)")
    selected = page.evaluate("String(getSelection())")
    page.evaluate("document.querySelector('tbody tr').dataset.mark = 'the same'")
    print("stop the server", flush=True)
    expect(page.locator("#cut")).to_be_visible(timeout=60_000)
    shoot(page, "cut")
    print("start the server", flush=True)
    expect(page.locator("#cut")).to_be_hidden(timeout=60_000)
    check(page.evaluate("String(getSelection())") == selected and selected != "", "the selection stays")
    check(page.locator("[data-mark]").count() == 1, "the row is the same")
    # The session outlives the server.
    page.evaluate("getSelection().removeAllRanges()")
    page.reload()
    expect(page.locator("h1")).to_have_text("Pools")
    oona.context.close()


with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(executable_path=FACTS["chromium"], args=["--no-sandbox"])
    for part in (signing_in, claims, live_log, operating, keys, reading_without_scripts, everybody, cut):
        began = time.monotonic()
        try:
            part(chromium)
        except Exception:
            failures.append(part.__name__)
            print(f"FAILED: {part.__name__}: {traceback.format_exc(limit=-2)}", flush=True)
            for context in chromium.contexts:
                for index, page in enumerate(context.pages):
                    shoot(page, f"failed-{part.__name__}-{index}")
                context.close()
            if part is cut:
                print("stop the server\nstart the server", flush=True)
        print(f"{part.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    chromium.close()
sys.exit(1 if failures else 0)
