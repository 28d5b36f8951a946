"""The nouns of the generated world by kind, one sense a line: English | German | French.

Irregular forms are written out; where a column gives fewer forms than the language has, the rest is regular.
English: sg [pl]. German: gender sg gen.sg pl (feminine: sg pl), `w` after the gender of a weak noun, `-` for
want of a plural. French: gender sg [pl]. `@` is a space within a form. A form that two senses share is
ambiguous; the kinds decide who may do what to whom, and so which sense a sentence means.
"""

NOUNS = {
    "person": """
        baker | m Bäcker Bäckers Bäcker | m boulanger
        woman women | f Frau Frauen | f femme
        teacher | m Lehrer Lehrers Lehrer | m professeur
        girl | n Mädchen Mädchens Mädchen | f fille
        man men | m Mann Mannes Männer | m homme
        singer | f Sängerin Sängerinnen | f chanteuse
        doctor | m Arzt Arztes Ärzte | m médecin
        boy | mw Junge Jungen Jungen | m garçon
        queen | f Königin Königinnen | f reine
        farmer | mw Bauer Bauern Bauern | m paysan
        king | m König Königs Könige | m roi
        nurse | f Krankenschwester Krankenschwestern | f infirmière
        neighbour | mw Nachbar Nachbarn Nachbarn | m voisin
        waitress | f Kellnerin Kellnerinnen | f serveuse
        student | mw Student Studenten Studenten | m étudiant
        aunt | f Tante Tanten | f tante
        painter | m Maler Malers Maler | m peintre
        sister | f Schwester Schwestern | f sœur
        uncle | m Onkel Onkels Onkel | m oncle
        grandmother | f Großmutter Großmütter | f grand-mère grands-mères
        gardener | m Gärtner Gärtners Gärtner | m jardinier
        princess | f Prinzessin Prinzessinnen | f princesse
        friend | m Freund Freundes Freunde | m ami
        brother | m Bruder Bruders Brüder | m frère
        soldier | mw Soldat Soldaten Soldaten | m soldat
        sailor | mw Matrose Matrosen Matrosen | m marin
        carpenter | m Tischler Tischlers Tischler | m menuisier
        guest | m Gast Gastes Gäste | m invité
        mayor | m Bürgermeister Bürgermeisters Bürgermeister | m maire
        thief thieves | m Dieb Diebes Diebe | m voleur
        writer | m Schriftsteller Schriftstellers Schriftsteller | m écrivain
        actress | f Schauspielerin Schauspielerinnen | f actrice
        judge | m Richter Richters Richter | m juge
        lawyer | m Anwalt Anwalts Anwälte | m avocat
        mother | f Mutter Mütter | f mère
        ruler | m Herrscher Herrschers Herrscher | m souverain
        coach | m Trainer Trainers Trainer | m entraîneur
        manager | m Leiter Leiters Leiter | m directeur""",
    "animal": """
        dog | m Hund Hundes Hunde | m chien
        cat | f Katze Katzen | m chat
        horse | n Pferd Pferdes Pferde | m cheval chevaux
        bird | m Vogel Vogels Vögel | m oiseau
        cow | f Kuh Kühe | f vache
        lion | mw Löwe Löwen Löwen | m lion
        bear | mw Bär Bären Bären | m ours
        pig | n Schwein Schweines Schweine | m cochon
        monkey | mw Affe Affen Affen | m singe
        elephant | mw Elefant Elefanten Elefanten | m éléphant
        hedgehog | m Igel Igels Igel | m hérisson
        fox | m Fuchs Fuchses Füchse | m renard
        duck | f Ente Enten | m canard
        goat | f Ziege Ziegen | f chèvre
        owl | f Eule Eulen | f chouette
        bat | f Fledermaus Fledermäuse | f chauve-souris chauves-souris
        crane | m Kranich Kranichs Kraniche | f grue
        ostrich | m Strauß Straußes Strauße | f autruche""",
    "food": """
        bread | n Brot Brotes - | m pain
        apple | m Apfel Apfels Äpfel | f pomme
        cheese | m Käse Käses - | m fromage
        cake | m Kuchen Kuchens Kuchen | m gâteau
        cherry | f Kirsche Kirschen | f cerise
        chocolate | f Schokolade - | m chocolat
        pear | f Birne Birnen | f poire
        avocado | f Avocado Avocados | m avocat
        ice@cream | n Eis Eises - | f glace""",
    "dish": """
        soup | f Suppe Suppen | f soupe
        sausage | f Wurst Würste | f saucisse
        potato potatoes | f Kartoffel Kartoffeln | f pomme@de@terre pommes@de@terre
        meat | n Fleisch Fleisches - | f viande
        egg | n Ei Eies Eier | m œuf
        rice | m Reis Reises - | m riz""",
    "drink": """
        water | n Wasser Wassers - | f eau
        milk | f Milch - | m lait
        coffee | m Kaffee Kaffees - | m café
        tea | m Tee Tees - | m thé
        wine | m Wein Weines - | m vin
        beer | n Bier Bieres - | f bière""",
    "text": """
        book | n Buch Buches Bücher | m livre
        newspaper | f Zeitung Zeitungen | m journal journaux
        poem | n Gedicht Gedichts Gedichte | m poème
        story | f Geschichte Geschichten | f histoire
        novel | m Roman Romans Romane | m roman
        postcard | f Postkarte Postkarten | f carte@postale cartes@postales
        letter | m Brief Briefes Briefe | f lettre""",
    "sign": """
        word | n Wort Wortes Wörter | m mot
        song | n Lied Liedes Lieder | f chanson
        language | f Sprache Sprachen | f langue
        letter | mw Buchstabe Buchstabens Buchstaben | f lettre""",
    "tool": """
        hammer | m Hammer Hammers Hämmer | m marteau
        knife knives | n Messer Messers Messer | m couteau
        bag | f Tasche Taschen | m sac
        rope | n Seil Seils Seile | f corde
        umbrella | m Regenschirm Regenschirms Regenschirme | m parapluie
        basket | m Korb Korbes Körbe | m panier
        suitcase | m Koffer Koffers Koffer | f valise
        saw | f Säge Sägen | f scie
        ball | m Ball Balles Bälle | m ballon
        shovel | f Schaufel Schaufeln | f pelle
        key | m Schlüssel Schlüssels Schlüssel | f clé
        bat | m Schläger Schlägers Schläger | f batte
        lock | n Schloss Schlosses Schlösser | f serrure
        coin | f Münze Münzen | f pièce
        ruler | n Lineal Lineals Lineale | f règle
        ladder | f Leiter Leitern | f échelle
        nut | f Mutter Muttern | m écrou
        bouquet | m Strauß Straußes Sträuße | m bouquet""",
    "garment": """
        coat | m Mantel Mantels Mäntel | m manteau
        dress | n Kleid Kleides Kleider | f robe
        hat | m Hut Hutes Hüte | m chapeau
        shirt | n Hemd Hemdes Hemden | f chemise
        jacket | f Jacke Jacken | f veste
        scarf scarves | m Schal Schals Schals | f écharpe
        skirt | m Rock Rockes Röcke | f jupe""",
    "vehicle": """
        car | n Auto Autos Autos | f voiture
        bicycle | n Fahrrad Fahrrads Fahrräder | m vélo
        boat | n Boot Bootes Boote | m bateau
        bus | m Bus Busses Busse | m bus
        train | m Zug Zuges Züge | m train
        lorry | m Lastwagen Lastwagens Lastwagen | m camion
        ship | n Schiff Schiffes Schiffe | m navire
        coach | f Kutsche Kutschen | f calèche
        crane | m Kran Krans Kräne | f grue""",
    "furniture": """
        table | m Tisch Tisches Tische | f table
        chair | m Stuhl Stuhles Stühle | f chaise
        bed | n Bett Bettes Betten | m lit
        cupboard | m Schrank Schrankes Schränke | f armoire
        sofa | n Sofa Sofas Sofas | m canapé
        shelf shelves | n Regal Regals Regale | f étagère
        bench | f Bank Bänke | m banc
        desk | m Schreibtisch Schreibtisches Schreibtische | m bureau
        mirror | m Spiegel Spiegels Spiegel | f glace""",
    "device": """
        lamp | f Lampe Lampen | f lampe
        radio | n Radio Radios Radios | f radio
        computer | m Computer Computers Computer | m ordinateur
        television | m Fernseher Fernsehers Fernseher | f télévision
        machine | f Maschine Maschinen | f machine
        bulb | f Birne Birnen | f ampoule""",
    "button": """
        button | m Knopf Knopfes Knöpfe | m bouton
        switch | m Schalter Schalters Schalter | m interrupteur
        key | f Taste Tasten | f touche""",
    "opening": """
        door | f Tür Türen | f porte
        window | n Fenster Fensters Fenster | f fenêtre
        box | f Kiste Kisten | f caisse
        gate | n Tor Tores Tore | m portail""",
    "instrument": """
        guitar | f Gitarre Gitarren | f guitare
        piano | n Klavier Klaviers Klaviere | m piano
        violin | f Geige Geigen | m violon
        flute | f Flöte Flöten | f flûte
        trumpet | f Trompete Trompeten | f trompette""",
    "plant": """
        tree | m Baum Baumes Bäume | m arbre
        flower | f Blume Blumen | f fleur
        rose | f Rose Rosen | f rose
        tulip | f Tulpe Tulpen | f tulipe""",
    "building": """
        school | f Schule Schulen | f école
        park | m Park Parks Parks | m parc
        church | f Kirche Kirchen | f église
        museum | n Museum Museums Museen | m musée
        village | n Dorf Dorfes Dörfer | m village
        hotel | n Hotel Hotels Hotels | m hôtel
        library | f Bibliothek Bibliotheken | f bibliothèque
        hospital | n Krankenhaus Krankenhauses Krankenhäuser | m hôpital hôpitaux
        restaurant | n Restaurant Restaurants Restaurants | m restaurant
        theatre | n Theater Theaters Theater | m théâtre
        factory | f Fabrik Fabriken | f usine
        castle | n Schloss Schlosses Schlösser | m château
        bank | f Bank Banken | f banque
        office | n Büro Büros Büros | m bureau""",
    "room": """
        garden | m Garten Gartens Gärten | m jardin
        kitchen | f Küche Küchen | f cuisine
        house | n Haus Hauses Häuser | f maison
        forest | m Wald Waldes Wälder | f forêt
        cellar | m Keller Kellers Keller | f cave
        garage | f Garage Garagen | m garage
        room | n Zimmer Zimmers Zimmer | f pièce""",
}
