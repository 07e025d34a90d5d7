"""Function words of seven languages in Latin script, for a language check without dependencies.

Source: the most frequent function words of each language, collected for this project from general knowledge of the
languages; no list was copied. CC0 1.0.
"""

from __future__ import annotations

_WORDS: dict[str, str] = {
    "en": """
        the of and a an to in is was were are be been it its that this these those for on with as at by from or but not
        no so if than then there here they them their he she his her you your we our i my me have has had do does did
        will would can could should what which who when how all more some just very too also about out up only into
        don t s m re ve ll didn doesn isn wasn because am get got like one after over other any most even much
    """,
    "de": """
        der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine ist sind war waren wird
        werden wurde hat haben hatte ich du er sie es wir ihr mich mir mein meine sich von zu zum zur mit für auf aus
        bei nach im in an am als auch noch nur so wie was wenn dass da hier dann schon sehr mehr man doch durch über
        um vor
    """,
    "fr": """
        le la les l un une des du de d et ou mais ne n pas plus est sont était être a ai as ont avait avoir je j tu il
        elle nous vous ils elles on me m te se s ce c cette ces cet mon ma mes son sa ses leur dans en sur avec pour par
        sans que qu qui quoi où si comme très bien tout tous toute fait au aux y même aussi donc alors
    """,
    "es": """
        el la los las un una unos unas de del y o pero no ni es son era ser fue está están estaba ha he han había yo tú
        él ella nosotros ellos me te se lo le les nos mi mis su sus tu que qué quien como cuando donde en con por para
        sin sobre a al más muy también ya si este esta estos estas eso todo todos hay desde porque
    """,
    "it": """
        il lo la i gli le l un uno una di del della dei delle dello e ed o ma non né è sono era essere ha ho hanno aveva
        io tu lui lei noi voi loro mi ti si ci vi mio mia suo sua che chi cosa come quando dove in nel nella con per da
        dal dalla su sul sulla a al alla ai più molto anche già se questo questa questi quello tutto tutti perché
    """,
    "pt": """
        o a os as um uma uns umas de do da dos das e ou mas não nem é são era ser foi está estão tem ter tinha há eu tu
        você ele ela nós eles me te se lhe meu minha seu sua que quem como quando onde em no na nos nas com por para
        sem sobre ao à mais muito também já este esta isso isto tudo todos pelo pela porque
    """,
    "nl": """
        de het een en of maar niet geen is zijn was waren wordt worden werd heeft hebben had ik jij je hij zij ze wij we
        jullie mij me mijn zich van te ten ter met voor op uit bij naar in aan als ook nog maar zo hoe wat wie waar
        wanneer dat dit die deze er hier dan al zeer meer men door over om tot heel kan
    """,
}
STOP_WORDS: dict[str, frozenset[str]] = {language: frozenset(words.split()) for language, words in _WORDS.items()}
