"""Words of French street names that one slip turns into each other: a small index may know only one of them."""

from __future__ import annotations

__all__ = ["COMMON_WORDS", "OPPOSITES"]

OPPOSITES = frozenset(
    frozenset(pair)
    for pair in (
        ("dessus", "dessous"), ("sur", "sous"), ("haut", "bas"), ("haute", "basse"), ("hauts", "bas"), ("nord", "sud"), ("est", "ouest"),
        ("petit", "grand"), ("petite", "grande"), ("vieux", "neuf"), ("vieille", "neuve"), ("ancien", "nouveau"),
        ("ancienne", "nouvelle"), ("premier", "second"), ("pere", "mere"), ("saint", "sainte"), ("frere", "soeur"),
        ("inferieur", "superieur"), ("inferieure", "superieure"), ("occidental", "oriental"), ("gauche", "droite"),
    )
)  # fmt: skip
"""Pairs that tell two places apart, however near in letters."""

COMMON_WORDS = frozenset("""
    abattoir abbaye acacia acacias acieries aerodrome aigle aires alisiers alliance alouette alouettes alpes amandiers amitie
    anciens ancolies anemones angelique ange arbre arbres arc arche argent argile artisans arts aubepine aubepines aube aulnes
    aurore avenir azur bac bains bain baie bains bandit barre bas basse bassin bastide batailles beau beaux belle bellevue berger
    bergere bergerie bergers bel bijou bis blanc blanche blancs ble bles bleu bleue bleuets bocage bois bon bonne bord bosquet
    bosquets bouleau bouleaux boulangerie bourg bourse bras breche briques bruyere bruyeres buis buisson buissons butte calme
    calvaire camelias campagne camp canal cap carmes carriere carrieres cascade cave caves cedre cedres celestins cerf cerisaie
    cerisier cerisiers chaine champ champs chanoines chant chantiers chapelle chapelles charme charmes charmille charmilles
    charron chasse chat chataignier chataigniers chateau chateaux chaud chaude chaumes chenaie chene chenes cheval chevaliers
    chevre chevres ciel cigale cigales cigognes cimetiere clair claire clairiere cle clef clefs cloche cloches cloitre coin col
    colline collines college combe combes commerce concorde coq coquelicot coquelicots corde cordeliers corderie cormier cornet
    coteau coteaux couchant coudrier couvent creuse creux croix cure cypres dame dames dauphin dauphine dauphins doyen droite eau
    eaux ecole ecoles ecluse ecureuil ecureuils ecuries eglantiers eglantines eglise egalite erable erables espoir etang etangs
    etoile etoiles fabrique faisan faisans falaise fauvette fauvettes fer ferme fermes feu feuilles figuier figuiers filature
    fleur fleurs fleurie foin foire font fontaine fontaines fontanelle foret forets forge forges forgeron fort forts fosse fosses
    fougere fougeres foulon four fours fourche fraiche fraise fraises framboisiers fraternite freres frene frenes froid froide
    fusilles garde gare garenne gauche geai geais genet genets genievre glacis glycines gorge gouffre goutte gouttes grain
    grange granges grappe gravier graviers greve grive grives gris grise grotte gue haie haies halle halles haras haut haute
    hauts herbe herbes heron herons hetre hetres heure hirondelle hirondelles horizon horloge hotel houx huit ile iles image
    industrie iris jardin jardins jasmin jasmins jeu jeux jonc joncs jonquille jonquilles jour juste justice labours lac lacs
    laine lait lande landes lapins large laurier lauriers lavande lavoir levant liberte libration lievre lilas lin lion lions lis
    lisiere loge loges long longue loup loups lune lumiere lys mai main mairie maison maisons malt marais marbre marche marches mare
    mares marguerite marguerites marin marine marins marne marnes maronniers marronnier marronniers mars martinet martinets mas
    matin mauves meix menthe mer merisier merisiers merle merles mesange mesanges meule meules meunier meuniers midi mimosas
    mine mines mineurs miroir moine moines moisson moissons monnaie mont montagne monts moulin moulins mousse moutons muguet
    mur murets murier muriers murs musee myosotis myrtilles nation neuf neuve noir noire noisetier noisetiers noix nord nouveau
    nouvelle noyer noyers nuit oiseau oiseaux olivier oliviers ombre or orange orangerie orchidees orge orme ormeau ormeaux ormes
    oratoire ouest pain pains paix palais palombe palombes papillon papillons paquerette paquerettes paradis parc parcs pas
    passerelle patis pature patures pavillon paysans peche pecher pechers pecheurs pelerin pelerins pente perdrix perle perles
    perriere pervenche pervenches petit petite peuple peuplier peupliers phare pie pierre pierres pigeonnier pigeons pin pinede
    pins pinson pinsons piscine plage plaine plaines plan plateau platane platanes plein poete poetes point pointe poirier
    poiriers pommier pommiers pompe pompiers pont ponts port porte portes postes poste poterie potier potiers poudriere poulain
    pourpre prade prairie prairies pre pres pressoir pretre prieure primevere primeveres printemps prison progres prune prunier
    pruniers puits quatre quais racine rame rampe ravin recollets reine reines rempart remparts renard renards repos republique
    reservoir resistance riche rigole rivage rivages rive rives riviere rivieres roche rocher rochers roches roi rois roitelet
    ronde rosee rose roseaux roseraie roses rosier rosiers rossignol rossignols rouge rouges rouges-gorges roux ruche ruches
    ruelle ruisseau sable sables sabliere sablons safran sainfoin saison saisons sang sapin sapiniere sapins sante sauge saule
    saules saut savane savoie scierie seigle seigneurs sel semailles sept serpent serres silence soie soir soleil sommet sorbier
    sorbiers source sources stade suisse sud tabac tanneries tanneurs tarn temple temps terrain terre terres theatre thym tilleul
    tilleuls tison tisserands toit tonnelle toits tourelle tourelles tourterelle tourterelles travail tremble trembles trois trou
    truite tuilerie tuileries tulipe tulipes union usine val vallee vallon vallons vanneau vaux venelle vent vents verdun verger
    vergers verrerie vers vert verte vertes verts vesoul viaduc victoire victoires vieille vieux vigne vigneron vignerons vignes
    vignoble ville village vin violette violettes voute vue zenith
    adrien aime albert alain alexandre alexis alfred alice andre andree anne antoine antoinette arnaud arthur auguste aristide
    barbara benjamin benoit bernard berthe blaise camille cecile charles charlotte christian christine claire claude claudine
    clement clementine colette daniel danielle david denis denise didier dominique edouard elie elisabeth elsa emile emilie
    ernest etienne eugene eugenie fabien felix fernand florence francis francois francoise frederic gabriel gabrielle gaston
    genevieve georges gerard germaine gilbert gilles gisele guillaume gustave guy helene henri henriette honore hubert hugues
    irene isabelle jacqueline jacques jean jeanne jerome joseph josephine jules julie julien juliette laurent leon leonard leonie
    leopold louis louise luc lucie lucien lucienne madeleine marc marcel marcelle marguerite marie martin martine mathilde
    maurice maxime michel micheline michele nicolas nicole noel olivier pascal paul paule pauline philippe pierre rene renee
    richard robert roger roland romain rosa sebastien serge simon simone sophie stephane sylvain sylvie therese thomas valentin
    victor victoire vincent violette yves yvette yvonne
""".split())  # fmt: skip  # noqa: SIM905
"""Ordinary words and first names of street names, plain: typed as they stand they are no slip for another."""
