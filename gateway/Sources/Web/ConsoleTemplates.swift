/// The operator's pages.
enum ConsoleTemplates {
    package static let all = [
        "login": """
            {{<frame}}{{$kind}}rider{{/kind}}{{$body}}
            <h1>{{title}}</h1>
            {{#failed}}<p class="bad" role="alert">Wrong password.</p>{{/failed}}
            <form class="panel" method="post" action="/console/login">
            <input type="hidden" name="form_token" value="{{formToken}}">
            <p><label for="password">Password (in console-password.txt of the data directory)</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required autofocus></p>
            <button>Log in</button>
            </form>
            {{/body}}{{/frame}}
            """,
        "console": """
            {{<frame}}{{$kind}}console{{/kind}}{{$body}}
            <header class="bar"><h1>{{title}}</h1>
            <form class="inline" method="post" action="/console/logout">{{>token}}<button class="plain">Log out</button></form>
            </header>
            <nav><a href="#rides">Rides</a><a href="#calls">Calls</a><a href="#trades">Trades</a>
            <a href="#faults">Faults</a><a href="#merchants">Merchants</a><a href="#riders">Riders and cards</a>
            <a href="#ledger">Ledger</a><a href="#issuer-keys">Issuer keys</a></nav>
            {{#notices}}<div class="panel" role="status">
            {{#lines}}<p>{{text}}{{#secret}}<br><code>{{.}}</code>{{/secret}}</p>{{/lines}}
            </div>{{/notices}}

            <h2 id="rides">Rides per hour</h2>
            <svg class="plot" viewBox="0 0 760 170" role="img" aria-label="{{plotLabel}}">
            {{#bars}}<rect x="{{x}}" y="{{y}}" width="24" height="{{height}}"><title>{{label}}</title></rect>
            {{#hour}}<text x="{{x}}" y="160">{{text}}</text>{{/hour}}{{/bars}}
            <text x="4" y="14">{{most}}</text>
            </svg>

            <h2 id="calls">Last calls</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Last calls"><table><tr><th>Time</th><th>app_id</th><th>Interface</th><th>Code</th><th>Reason</th><th class="number">ms</th></tr>
            {{#calls}}<tr><td class="time">{{time}}</td><td>{{appID}}</td><td>{{method}}</td><td class="{{kind}}">{{code}} {{subCode}}</td><td class="reason">{{reason}}</td><td class="number">{{milliseconds}}</td></tr>{{/calls}}</table></div>

            <h2 id="trades">Last trades</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Last trades"><table><tr><th>Time</th><th>out_trade_no</th><th>Rider</th><th>Subject</th><th class="number">Amount</th><th>Result</th></tr>
            {{#trades}}<tr><td class="time">{{time}}</td><td class="mono">{{outTradeNo}}</td><td class="mono">{{userID}}</td><td>{{subject}}</td><td class="number">{{amount}}</td><td class="{{kind}}">{{result}}</td></tr>{{/trades}}</table></div>

            <h2 id="faults">Faults</h2>
            <p class="soft">What a caller must survive, on order. A restart forgets them.</p>
            {{#faults}}<form class="row fault" method="post" action="/console/faults/remove">{{>token}}<input type="hidden" name="id" value="{{id}}">
            <span>{{text}}</span> <button class="plain">Take back</button></form>{{/faults}}
            <form class="row panel" method="post" action="/console/faults">{{>token}}
            <label>Interface<br><select name="method"><option value="">all</option>{{#methods}}<option value="{{value}}">{{label}}</option>{{/methods}}</select></label>
            <label>Fault<br><select name="kind">{{#kinds}}<option value="{{value}}">{{label}}</option>{{/kinds}}</select></label>
            <label>Delay in ms<br><input name="milliseconds" type="number" min="0" max="120000" value="3000"></label>
            <label>For the next calls<br><input name="calls" type="number" min="1" max="1000000" value="1"></label>
            <label>or for % of calls<br><input name="percent" type="number" min="1" max="100"></label>
            <button>Inject</button></form>

            <h2 id="merchants">Merchants</h2>
            {{#merchants}}
            <section class="panel">
            <h3>{{name}} <span class="soft">{{appID}}</span></h3>
            <dl><dt>paid as</dt><dd>{{loginName}}</dd>
            <dt>public key</dt><dd>{{#key}}<details><summary>RSA {{bits}} bits</summary><code>{{text}}</code></details>{{/key}}
            {{^key}}<span class="bad">{{keyAbsence}}</span>{{/key}}</dd>
            <dt>contract</dt><dd>{{contract}}</dd></dl>
            <form class="row" method="post" action="/console/merchants/key">{{>token}}
            <input type="hidden" name="app_id" value="{{appID}}">
            <label>Public key, PEM or one line<br><textarea name="public_key" rows="2" cols="50" required></textarea></label>
            <button class="plain">{{#key}}Replace the key…{{/key}}{{^key}}Set the key{{/key}}</button></form>
            {{#isContracted}}<form class="row" method="get" action="/console/merchants/contract">
            <input type="hidden" name="app_id" value="{{appID}}">
            <button class="danger" aria-label="End the contract of {{name}}">End the contract…</button></form>
            {{/isContracted}}
            {{^isContracted}}<form class="row" method="post" action="/console/merchants/contract">{{>token}}
            <input type="hidden" name="app_id" value="{{appID}}"><input type="hidden" name="contracted" value="true">
            <button class="plain">Put the contract in force</button></form>{{/isContracted}}
            <div class="scroll" tabindex="0" role="region" aria-label="Record keys of {{name}}"><table><caption class="soft">Record keys of its gates</caption>
            <tr><th>Key id</th><th>Since</th><th></th></tr>
            {{#recordKeys}}<tr><td class="mono">{{keyID}}</td><td>{{since}}</td><td>
            <form class="inline" method="get" action="/console/merchants/record-key/remove">
            <input type="hidden" name="app_id" value="{{appID}}"><input type="hidden" name="id" value="{{id}}">
            <button class="danger" aria-label="Remove record key {{keyID}}">Remove…</button></form></td></tr>{{/recordKeys}}
            </table></div>
            <form class="row" method="post" action="/console/merchants/record-key">{{>token}}
            <input type="hidden" name="app_id" value="{{appID}}">
            <label>Record key, hex; empty makes a new one<br><input name="key" size="40" autocomplete="off"></label>
            <button class="plain">Add a record key</button></form>
            </section>
            {{/merchants}}
            <form class="row panel" method="post" action="/console/merchants">{{>token}}
            <label>Name<br><input name="name" required maxlength="64"></label>
            <label>Paid as (seller_login_name)<br><input name="login_name" required maxlength="64"></label>
            <label>app_id; empty makes one<br><input name="app_id" maxlength="32"></label>
            <button>Add a merchant</button></form>

            <h2 id="riders">Riders and cards</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Riders"><table><tr><th>Rider</th><th></th></tr>
            {{#riders}}<tr><td class="mono">{{userID}}</td><td>
            <form class="inline" method="post" action="/console/riders/open">{{>token}}<input type="hidden" name="user_id" value="{{userID}}">
            <button class="plain" aria-label="Open the page of rider {{userID}}">Open as this rider</button></form></td></tr>{{/riders}}</table></div>
            <div class="scroll" tabindex="0" role="region" aria-label="Cards"><table><tr><th>Card type</th><th>Number</th><th>Rider</th><th>Issued by</th><th>State</th><th>Updated</th></tr>
            {{#cards}}<tr><td>{{type}}</td><td>{{number}}</td><td class="mono">{{userID}}</td><td>{{issuer}}</td><td>{{state}}</td><td>{{updated}}</td></tr>{{/cards}}</table></div>

            <h2 id="ledger">Ledger</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Accounts"><table><tr><th>Account</th><th>Owner</th><th class="number">Balance</th></tr>
            {{#accounts}}<tr><td>{{kind}}</td><td>{{owner}}</td><td class="number">{{balance}}</td></tr>{{/accounts}}</table></div>
            <p class="soft">Riders' accounts are not listed. <code>posgateway audit</code> checks that everything balances.</p>

            <h2 id="issuer-keys">Issuer keys</h2>
            <p class="soft">Gates fetch all but the retired ones with key.query. Riders' codes are signed with the active one.</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Issuer keys"><table><tr><th>Id</th><th>Public key</th><th>State</th><th>Since</th><th></th></tr>
            {{#issuerKeys}}<tr><td>{{id}}</td><td class="mono">{{publicKey}}</td><td>{{state}}</td><td>{{since}}</td><td>
            {{#canChange}}
            <form class="inline" method="get" action="/console/issuer-keys/activate">
            <input type="hidden" name="id" value="{{id}}">
            <button class="plain" aria-label="Activate issuer key {{id}}">Activate…</button></form>
            <form class="inline" method="get" action="/console/issuer-keys/retire"><input type="hidden" name="id" value="{{id}}">
            <button class="danger" aria-label="Retire issuer key {{id}}">Retire…</button></form>
            {{/canChange}}</td></tr>{{/issuerKeys}}</table></div>
            <form class="row" method="post" action="/console/issuer-keys">{{>token}}<button>Create an issuer key</button></form>
            {{/body}}{{/frame}}
            """,
        "token": #"<input type="hidden" name="form_token" value="{{formToken}}">"#,
    ]
}
