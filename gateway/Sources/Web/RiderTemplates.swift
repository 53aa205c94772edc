/// The rider's pages.
enum RiderTemplates {
    package static let all = [
        "home": """
            {{<frame}}{{$kind}}rider{{/kind}}{{$body}}
            <header class="bar"><h1>{{title}}</h1><a href="?lang={{otherLang}}" lang="{{otherLang}}">{{otherName}}</a></header>
            <p>{{intro}}</p>
            {{#cards}}
            <p class="panel"><strong>{{title}}</strong> <span class="soft">{{number}}</span><br>
            <a class="button" href="{{address}}">{{label}}</a></p>
            {{/cards}}
            {{#otherRides}}
            <section class="panel"><h2>{{label}}</h2><p class="soft">{{hint}}</p>{{>rides}}</section>
            {{/otherRides}}
            {{^isKnown}}<p><a class="button" href="{{signAddress}}">{{signLabel}}</a></p>{{/isKnown}}
            {{#isKnown}}<p><a class="button plain" href="/leave">{{leaveLabel}}</a></p>{{/isKnown}}
            {{/body}}{{/frame}}
            """,
        "sign": """
            {{<frame}}{{$kind}}rider{{/kind}}{{$body}}
            <h1>{{title}}</h1>
            <section class="panel">
            <h2>{{cardTitle}}</h2>
            <p>{{terms}}</p>
            <p class="soft">{{returns}}</p>
            <form method="post" action="/p/f/public_transit/sign">
            <input type="hidden" name="form_token" value="{{formToken}}">
            <input type="hidden" name="cardTitle" value="{{cardTitle}}">
            <input type="hidden" name="redirectUrl" value="{{redirectUrl}}">
            <p class="choices"><button name="decision" value="agree">{{agree}}</button>
            <button class="plain" name="decision" value="decline">{{decline}}</button></p>
            </form>
            </section>
            {{/body}}{{/frame}}
            """,
        "card": """
            {{<frame}}{{$kind}}rider{{/kind}}
            {{$head}}<script src="/card.js" defer></script>
            {{#code}}<noscript><meta http-equiv="refresh" content="{{refresh}}"></noscript>{{/code}}{{/head}}
            {{$body}}
            <header class="bar"><h1>{{title}}</h1><a href="/">{{homeLabel}}</a></header>
            {{#code}}
            <section class="panel code" id="code" data-seconds="{{seconds}}" data-spare="{{spare}}"
                data-code-address="{{codeAddress}}">
            <img id="code-image" src="{{image}}" alt="{{alt}}" width="352" height="352">
            <p class="countdown" role="timer">{{before}} <span id="seconds-left">{{seconds}}</span> {{after}}</p>
            <details><summary>{{hexLabel}}</summary><code id="code-hex">{{hex}}</code></details>
            </section>
            {{/code}}
            {{#closed}}<section class="panel"><p class="bad" role="alert">{{.}}</p></section>{{/closed}}
            <section class="panel"><dl>
            <dt>{{userLabel}}</dt><dd>{{userID}}</dd>
            <dt>{{typeLabel}}</dt><dd>{{cardType}}</dd>
            <dt>{{numberLabel}}</dt><dd>{{cardNo}}</dd>
            </dl></section>
            <section class="panel"><h2>{{ridesLabel}}</h2><div id="rides" data-address="{{ridesAddress}}">{{>rides}}</div></section>
            {{/body}}{{/frame}}
            """,
        "rides": """
            {{#balance}}<p>{{label}} <span class="amount">{{amount}}</span></p>{{/balance}}
            {{^hasRides}}<p class="soft">{{noRides}}</p>{{/hasRides}}
            <ul class="rides">
            {{#rides}}<li><span>{{subject}}<br><span class="soft">{{time}}{{#note}} · {{.}}{{/note}}</span></span>
            <span class="amount {{kind}}">{{amount}}</span></li>
            {{/rides}}</ul>
            """,
    ]
}
