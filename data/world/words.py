"""The verbs, adjectives and small words of the generated world, one lemma a line: English | German | French | use.

Irregular forms are written out; where a column gives fewer forms than the language has, the rest is regular. `@` is
a space within a form. The last column names the kinds of noun that the word combines with.
"""

# ruff: noqa: E501  (one lemma a line reads better than lines of one length)

# English: base [3sg past [particle]]. German: particle+infinitive 3sg participle, `s` for the perfect with sein.
# French: infinitive [3sg 3pl participle], `e` for the perfect with être. `:for`, `:auf.acc`, `:dat`, `:de` say how the
# language marks the object. Use: subjects > objects < recipients = goals, `?` takes a that-clause, `!` is a state.
VERBS = """
    sleep sleeps slept | schlafen schläft geschlafen | dormir dort dorment dormi | person animal
    get gets got up | auf+stehen steht gestanden s | se lever lève lèvent levé | person animal
    laugh | lachen lacht gelacht | rire rit rient ri | person
    arrive | an+kommen kommt gekommen s | arriver e | person vehicle
    work | arbeiten arbeitet gearbeitet | travailler | person
    sing sings sang | singen singt gesungen | chanter | person
    dance dances danced | tanzen tanzt getanzt | danser | person
    wake wakes woke up | auf+wachen wacht gewacht s | se réveiller | person animal
    cry cries cried | weinen weint geweint | pleurer | person
    fall falls fell asleep | ein+schlafen schläft geschlafen s | se endormir endort endorment endormi | person animal
    swim swims swam | schwimmen schwimmt geschwommen s | nager | person animal
    depart | ab+fahren fährt gefahren s | partir part partent parti e | vehicle
    stop stops stopped | an+halten hält gehalten | se arrêter | vehicle
    disappear | verschwinden verschwindet verschwunden s | disparaître disparaît disparaissent disparu | person animal
    bloom | blühen blüht geblüht | fleurir fleurit fleurissent fleuri | plant
    see sees saw | sehen sieht gesehen | voir voit voient vu | person animal > person animal vehicle building plant
    buy buys bought | kaufen kauft gekauft | acheter achète achètent acheté | person > food dish text tool garment vehicle furniture device instrument
    read reads read | lesen liest gelesen | lire lit lisent lu | person > text
    open | auf+machen macht gemacht | ouvrir ouvre ouvrent ouvert | person > opening
    eat eats ate | essen isst gegessen | manger | person animal > food dish
    find finds found | finden findet gefunden | trouver | person > person animal tool text garment
    call | an+rufen ruft gerufen | appeler appelle appellent appelé | person > person
    love | lieben liebt geliebt | aimer | person > person animal plant text room !
    drink drinks drank | trinken trinkt getrunken | boire boit boivent bu | person > drink
    help | helfen hilft geholfen :dat | aider | person > person
    close closes closed | zu+machen macht gemacht | fermer | person > opening
    repair | reparieren repariert repariert | réparer répare réparent réparé | person > tool vehicle furniture device
    wash | waschen wäscht gewaschen | laver | person > garment vehicle animal
    take takes took off | aus+ziehen zieht gezogen | enlever enlève enlèvent enlevé | person > garment
    cook | kochen kocht gekocht | cuire cuit cuisent cuit | person > dish
    visit | besuchen besucht besucht | visiter | person > building
    follow | folgen folgt gefolgt :dat s | suivre suit suivent suivi | person animal > person animal vehicle
    turn turns turned on | ein+schalten schaltet geschaltet | allumer | person > device
    turn turns turned off | aus+schalten schaltet geschaltet | éteindre éteint éteignent éteint | person > device
    play | spielen spielt gespielt | jouer :de | person > instrument
    paint | malen malt gemalt | peindre peint peignent peint | person > animal plant building furniture
    carry carries carried | tragen trägt getragen | porter | person > tool furniture animal
    invite | ein+laden lädt geladen | inviter | person > person
    lose loses lost | verlieren verliert verloren | perdre perd perdent perdu | person > tool text garment
    hear hears heard | hören hört gehört | entendre entend entendent entendu | person animal > person animal vehicle instrument
    listen :to | zu+hören hört gehört :dat | écouter | person > person
    look looks looked :at | an+sehen sieht gesehen | regarder | person > person animal plant building furniture text
    learn | lernen lernt gelernt | apprendre apprend apprennent appris | person > sign
    write writes wrote | schreiben schreibt geschrieben | écrire écrit écrivent écrit | person > text
    press | drücken drückt gedrückt | presser | person > button
    feed feeds fed | füttern füttert gefüttert | nourrir nourrit nourrissent nourri | person > animal
    water | gießen gießt gegossen | arroser | person > plant
    sell sells sold | verkaufen verkauft verkauft | vendre vend vendent vendu | person > food dish text tool garment vehicle furniture device instrument
    try tries tried on | an+probieren probiert probiert | essayer essaie essaient essayé | person > garment
    clean | putzen putzt geputzt | nettoyer nettoie nettoient nettoyé | person > room opening furniture
    borrow | aus+leihen leiht geliehen | emprunter | person > text tool vehicle instrument
    pick picks picked up | ab+holen holt geholt | récupérer récupère récupèrent récupéré | person > tool text vehicle garment
    wait :for | warten wartet gewartet :auf.acc | attendre attend attendent attendu | person > person vehicle
    think thinks thought :of | denken denkt gedacht :an.acc | penser :à | person > person animal room building
    talk :about | sprechen spricht gesprochen :über.acc | parler :de | person > person animal text building vehicle
    dream :of | träumen träumt geträumt :von.dat | rêver :de | person > person animal room vehicle
    give gives gave | geben gibt gegeben | donner | person > text tool garment food instrument < person
    show shows showed | zeigen zeigt gezeigt | montrer | person > text tool garment vehicle animal < person
    send sends sent | schicken schickt geschickt | envoyer envoie envoient envoyé | person > text tool garment < person
    bring brings brought | mit+bringen bringt gebracht | apporter | person > text tool food plant < person
    go goes went | gehen geht gegangen s | aller va vont allé e | person = building
    run runs ran | laufen läuft gelaufen s | courir court courent couru | person animal = building
    return | zurück+kehren kehrt gekehrt s | retourner e | person animal vehicle = building
    say says said | sagen sagt gesagt | dire dit disent dit | person ?
    think thinks thought | denken denkt gedacht | penser | person ?
    know knows knew | wissen weiß gewusst | savoir sait savent su | person ? !
    hope | hoffen hofft gehofft | espérer espère espèrent espéré | person ? !
    believe believes believed | glauben glaubt geglaubt | croire croit croient cru | person ? !
    notice notices noticed | merken merkt gemerkt | remarquer | person ?
"""

# English | German [attributive stem] | French m [f [m before a vowel]], `^` before its noun | kinds
ADJECTIVES = """
    beautiful | schön | beau belle bel ^ | animal plant building room garment vehicle instrument
    big | groß | grand grande ^ | animal plant building room vehicle furniture tool device opening
    small | klein | petit petite ^ | animal plant building room vehicle furniture tool device opening person
    old | alt | vieux vieille vieil ^ | person animal plant building room vehicle furniture tool device opening garment text instrument
    young | jung | jeune jeune ^ | person animal
    new | neu | nouveau nouvelle nouvel ^ | building vehicle furniture tool device garment text instrument opening
    good | gut | bon bonne ^ | food dish drink text
    tired | müde müd | fatigué | person animal
    happy | glücklich | heureux heureuse | person
    friendly | freundlich | gentil gentille ^ | person animal
    famous | berühmt | célèbre célèbre | person building text
    rich | reich | riche riche | person
    sick | krank | malade malade | person animal plant
    clever | klug | intelligent | person animal
    brave | mutig | courageux courageuse | person animal
    sad | traurig | triste triste | person text
    nervous | nervös | nerveux nerveuse | person animal
    lazy | faul | paresseux paresseuse | person animal
    hungry | hungrig | affamé | person animal
    strong | stark | fort | person animal
    heavy | schwer | lourd | tool furniture opening device
    expensive | teuer teur | cher chère | food dish drink garment vehicle furniture instrument device tool
    fresh | frisch | frais fraîche | food dish drink
    cold | kalt | froid | drink room
    warm | warm | chaud | garment room drink
    long | lang | long longue ^ | text sign
    difficult | schwierig | difficile difficile | text sign
    modern | modern | moderne moderne | building vehicle furniture device
    empty | leer | vide vide | building room furniture
    dark | dunkel dunkl | sombre sombre | building room
    fast | schnell | rapide rapide | vehicle animal
    red | rot | rouge rouge | garment vehicle furniture tool plant opening button
    blue | blau | bleu | garment vehicle furniture tool opening button
    green | grün | vert | garment vehicle furniture tool opening button
    white | weiß | blanc blanche | garment vehicle furniture animal plant
    black | schwarz | noir | garment vehicle furniture animal button
    yellow | gelb | jaune jaune | garment vehicle furniture plant button
"""

# Fixed phrases: form/TAG/part, where tokens of the same part are aligned and a contraction names two parts.
TIMES = """
    past | yesterday/NOUN/1 | gestern/ADV/1 | hier/ADV/1
    past | last/ADJ/1 week/NOUN/2 | letzte/ADJ/1 Woche/NOUN/2 | la/DET/3 semaine/NOUN/2 dernière/ADJ/1
    past | last/ADJ/1 summer/NOUN/2 | letzten/ADJ/1 Sommer/NOUN/2 | l'/DET/3 été/NOUN/2 dernier/ADJ/1
    past | last/ADJ/1 night/NOUN/2 | letzte/ADJ/1 Nacht/NOUN/2 | la/DET/3 nuit/NOUN/2 dernière/ADJ/1
    past | two/NUM/1 days/NOUN/2 ago/ADV/3 | vor/ADP/3 zwei/NUM/1 Tagen/NOUN/2 | il/PRON/3 y/PRON/3 a/VERB/3 deux/NUM/1 jours/NOUN/2
    present | today/NOUN/1 | heute/ADV/1 | aujourd'hui/ADV/1
    present | now/ADV/1 | jetzt/ADV/1 | maintenant/ADV/1
    present | in/ADP/1 the/DET/2 morning/NOUN/3 | am/ADP/1,2 Morgen/NOUN/3 | le/DET/2 matin/NOUN/3
    present | in/ADP/1 the/DET/2 evening/NOUN/3 | am/ADP/1,2 Abend/NOUN/3 | le/DET/2 soir/NOUN/3
    present | at/ADP/1 night/NOUN/2 | in/ADP/1 der/DET/3 Nacht/NOUN/2 | la/DET/3 nuit/NOUN/2
    present | this/DET/1 week/NOUN/2 | diese/DET/1 Woche/NOUN/2 | cette/DET/1 semaine/NOUN/2
    present | on/ADP/1 Sundays/NOUN/2 | am/ADP/1 Sonntag/NOUN/2 | le/DET/3 dimanche/NOUN/2
    future | tomorrow/NOUN/1 | morgen/ADV/1 | demain/ADV/1
    future | soon/ADV/1 | bald/ADV/1 | bientôt/ADV/1
    future | next/ADJ/1 week/NOUN/2 | nächste/ADJ/1 Woche/NOUN/2 | la/DET/3 semaine/NOUN/2 prochaine/ADJ/1
"""
MANNERS = """
    slowly/ADV/1 | langsam/ADV/1 | lentement/ADV/1
    quickly/ADV/1 | schnell/ADV/1 | rapidement/ADV/1
    quietly/ADV/1 | leise/ADV/1 | doucement/ADV/1
    carefully/ADV/1 | vorsichtig/ADV/1 | prudemment/ADV/1
    secretly/ADV/1 | heimlich/ADV/1 | secrètement/ADV/1
    immediately/ADV/1 | sofort/ADV/1 | immédiatement/ADV/1
"""
FREQUENCIES = """
    often | oft | souvent
    always | immer | toujours
    sometimes | manchmal | parfois
    rarely | selten | rarement
"""

# A preposition, the German case after it, and the kinds of noun it introduces.
PREPOSITIONS = """
    in | in.dat | dans | building room
    behind | hinter.dat | derrière | building plant
    in@front@of | vor.dat | devant | building
    next@to | neben.dat | à@côté@de | building plant
    with | mit.dat | avec | person
"""
CONJUNCTIONS = """
    because | weil | parce@que
    when | wenn | quand
    while | während | pendant@que
    if | wenn | si
"""
NUMERALS = """
    two | zwei | deux
    three | drei | trois
    four | vier | quatre
    five | fünf | cinq
    six | sechs | six
    seven | sieben | sept
    eight | acht | huit
    ten | zehn | dix
    twelve | zwölf | douze
    twenty | zwanzig | vingt
"""
NAMES = """
    Anna | Anna | Anna | f
    Paul | Paul | Paul | m
    Marie | Marie | Marie | f
    Martin | Martin | Martin | m
    Sophie | Sophie | Sophie | f
    Peter | Peter | Peter | m
    Emma | Emma | Emma | f
    David | David | David | m
    Clara | Clara | Clara | f
    Robert | Robert | Robert | m
    Julia | Julia | Julia | f
    Oscar | Oscar | Oscar | m
"""
CITIES = """
    Paris | Paris | Paris
    Vienna | Wien | Vienne
    London | London | Londres
    Berlin | Berlin | Berlin
    Rome | Rom | Rome
    Geneva | Genf | Genève
    Lisbon | Lissabon | Lisbonne
    Munich | München | Munich
    Brussels | Brüssel | Bruxelles
    New@York | New@York | New@York
"""
